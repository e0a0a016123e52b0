import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather } from '../../../server/dashboard/page/evidence.js';
import { hello_log } from '../../../server/dashboard/page/hello_log.js';
import { fill, to_report_document } from '../../../server/dashboard/page/report_document.js';
import { sample_log } from '../../../server/dashboard/page/samples.js';
import { stall_book } from '../../../server/dashboard/page/stalls.js';

const start = 100_000;

function evidence() {
  const hello = new hello_log();
  for (let i = 0; i < 100; ++i) {
    hello.due(i, start - 3000 + i * 50);
    if (i === 65) continue;  // never answered
    hello.done(i, start, start - 3000 + i * 50 + (i < 60 ? 2 : 400), true);
  }
  return gather({ from: start, to: start + 1000 }, { hello, samples: new sample_log(), stalls: new stall_book(), now: start + 9000 });
}

const result = (more = {}) => ({ method: 'sync', count: 1_000_000, runs: 1, io: null, from: start, to: start + 1000,
  windows: [{ from: start, to: start + 1000 }], time_ms: 950, peak_bytes: 5e7, in_order: null, complete: null,
  out_of_order_records: null, drains: null, stalls: 1, longest_stall_ms: 940, evidence: evidence(),
  report: { io_reason: '', bytes: 7_888_890, timing_ms: { queued: 1, completed: 950 }, memory: { pending_peak_bytes: 8 },
    cpu: { process_user_ms: 475, process_system_ms: 0 }, syscalls: { write: 1e6 }, loop: { lag_max_us: 3 }, page_cache: { dirty_bytes: null } },
  ...more });

const made = (results) => to_report_document({ info: { version: '1', machine: { cores: 2, kernel: null } }, results, made: '' });

test('a report tells the idle from what was due during the write', () => {
  const [repeat] = made([result()]).entries[0].repeats;
  assert.equal(repeat.idle.max_us, 2000);
  assert.equal(repeat.during.max_us, 400_000);
  assert.deepEqual([repeat.idle.unanswered, repeat.during.unanswered], [0, 1]);
  assert.deepEqual(repeat.windows_ms, [[3000, 4000]]);
});

test('what was not measured stays null in a report', () => {
  const { summary } = made([result()]).entries[0];
  assert.equal(summary.in_order, null);
  assert.equal(summary.hello_p99_9_us, null, 'of too few requests');
  assert.equal(summary.dirty_bytes, null);
});

test('a measured 0 is not taken for what was not measured', () => {
  const of = (...counts) => made(counts.map((count) => result({ out_of_order_records: count }))).entries[0].summary.out_of_order_records;
  assert.equal(of(0), 0);
  assert.equal(of(0, null), 0);
  assert.equal(of(0, 7), 7);
  assert.equal(of(null), null);
});

test('without a stall the loop was free and there is no longest stall', () => {
  const quiet = { stalls: 0, longest_stall_ms: null };
  const { summary } = made([result(quiet)]).entries[0];
  assert.deepEqual([summary.stalls.max, summary.longest_stall_ms, summary.verdict.loop], [0, null, 'free']);
  assert.equal(made([result()]).entries[0].summary.verdict.loop, 'BLOCKED');
  assert.equal(made([result(quiet), result(quiet), result()]).entries[0].summary.verdict.loop, 'free');
});

test('runs of one count are repeats, of another they are not', () => {
  const [entry] = made([result(), result({ time_ms: 700 }), result({ count: 5 })]).entries;
  assert.equal(entry.repeats.length, 2);
  assert.deepEqual(entry.summary.time_ms, { median: 700, min: 700, max: 950 });
});

test('claims about a million records are set beside a million records only', () => {
  assert.equal(made([result()]).claims.length, 4);
  assert.deepEqual(made([result({ count: 250_000 })]).claims, []);
});

test('nothing in a report ends its element early', () => {
  const page = fill('<script><!-- results --></script>', { sentence: '</script>$&' });
  assert.equal(page, '<script>{"sentence":"\\u003c/script>$&"}</script>');
});
