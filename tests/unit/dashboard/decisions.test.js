import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcer } from '../../../server/dashboard/page/announcer.js';
import { digest } from '../../../server/dashboard/page/chart_table.js';
import { claims } from '../../../server/dashboard/page/claims.js';
import { mean_cycle, run_figures, stages } from '../../../server/dashboard/page/data_path.js';
import * as format from '../../../server/dashboard/page/format.js';
import { names } from '../../../server/dashboard/page/methods.js';
import { summarise } from '../../../server/dashboard/page/percentile.js';
import { to_result } from '../../../server/dashboard/page/runner.js';
import { to_row } from '../../../server/dashboard/page/samples.js';
import { facts } from '../../../server/dashboard/page/stall_card.js';
import { conclusion, tell } from '../../../server/dashboard/page/story.js';

test('percentiles are of the nearest rank and null for nothing', () => {
  assert.deepEqual(summarise([4, 1, 3, 2]), { count: 4, p50: 2, p99: 4, max: 4 });
  assert.deepEqual(summarise([]), { count: 0, p50: null, p99: null, max: null });
});

test('what was not measured is a dash', () => {
  assert.equal(format.ms(null), '–');
  assert.equal(format.bytes(undefined), '–');
  assert.equal(format.ms(0), '0.00 ms');
  assert.equal(format.bytes(7_888_890), '7.9 MB');
});

test('announcements keep a distance and the latest wins', () => {
  const said = [];
  const later = [];
  let now = 0;
  const speaker = new announcer((text) => said.push(text), (then) => later.push(then), () => now);
  speaker.announce('a');
  now = 100;
  speaker.announce('b');
  speaker.announce('c');
  assert.equal(later.length, 1);
  now = 3000;
  later[0]();
  assert.deepEqual(said, ['a', 'c']);
});

test('a chart\'s table keeps the greatest value of each part', () => {
  const rows = digest([[5, 15, 16], [1, 9, 2]], 0, 20, 2);
  assert.deepEqual(rows, [[10, 9], [0, 1]]);
});

test('of several loops the worst is drawn', () => {
  const loop = (lag, stalled_for_ms, cpu_share) => ({ lag: { max_us: lag }, stalled_for_ms, cpu_share });
  const row = to_row({ loops: [loop(10, 0, 0.1), loop(2000, 300, null)], process: { cpu_share: 0.5, resident_bytes: 7 },
    page_cache: { outputs_dirty_bytes: null, machine_dirty_bytes: 3 }, runs: [{ progress: { pending_bytes: 4 } }, { progress: { pending_bytes: 5 } }] }, 99);
  assert.deepEqual(row, [99, 2, 300, 0.1, 0.5, 7, null, 3, 9]);
});

test('a loop that is not stalled has been so for 0 ms, which was measured', () => {
  const row = to_row({ loops: [{ lag: null, stalled_for_ms: 0, cpu_share: null }], process: {}, page_cache: {}, runs: [] }, 99);
  assert.equal(row[2], 0);
});

test('the data path has five stages for every method, known or not', () => {
  for (const method of names) assert.equal(stages(method, null, null).length, 5);
});

test('the buffer\'s stage shows bytes against the high-water mark', () => {
  const progress = { written_records: 10, pending_records: 4, pending_bytes: 32_768, high_water_mark: 65_536, drains: 2, waited_ms: 0.1 };
  const running = { io: 'threads', count: 100, elapsed_ms: 0.4, progress };
  const figures = run_figures('stream', running, null);
  assert.equal(stages('stream', figures, null)[1].level, 0.5);
  assert.deepEqual(mean_cycle(figures), { drains: 2, fill_us: 150, wait_us: 50 });
});

test('a stall\'s facts name function, place, request and victims', () => {
  const all = Object.fromEntries(facts({ in_progress: true, verdict: 'on_cpu', culprit: { function: 'f', file: 'a.cpp', line: 3 },
    request: { route: 'POST /write', query: 'method=sync' } }, { count: 4, oldest_ms: 312 }));
  assert.equal(all.function, 'f');
  assert.equal(all['file and line'], 'a.cpp:3');
  assert.equal(all.request, 'POST /write?method=sync');
  assert.match(all.victims, /4 requests of this browser waiting, the oldest for 312 ms/);
});

const report = (completed, in_order, stall) => ({ count: 5, io: null, timing_ms: { completed, durable: null },
  memory: { rss_peak_bytes: completed }, backpressure: { drains: null }, loop: { stalls: stall === null ? 0 : 1, longest_stall_ms: stall },
  content: { in_order, complete: true, out_of_order_records: 0 } });

test('repeated runs make one result: the median time, the greatest memory, any disorder', () => {
  const result = to_result({ method: 'callback', query: '', from: 0, to: 1, reports: [report(3, true, null), report(1, false, 40), report(2, true, null)] }, {});
  assert.equal(result.time_ms, 2);
  assert.equal(result.peak_bytes, 3);
  assert.equal(result.in_order, false);
  assert.equal(result.stalls, 1);
  assert.equal(result.longest_stall_ms, 40);
  assert.equal(result.drains, null);
});

test('without a stall there is no longest one', () => {
  const result = to_result({ method: 'sync', reports: [report(1, true, null)] }, {});
  assert.deepEqual([result.stalls, result.longest_stall_ms], [0, null]);
});

test('order that was not checked is unknown', () => {
  assert.equal(to_result({ method: 'sync', reports: [report(1, null, null)] }, {}).in_order, null);
});

test('the story says beforehand what comes and afterwards what came, for every method', async () => {
  const said = [];
  const order = [];
  await tell({ wait: async () => {}, format, say: (text) => said.push(text),
    run: async ({ method }) => {
      order.push(method);
      assert.match(said.at(-1), new RegExp(`^${method}\\.`));
      return { method, time_ms: 1, hello: { max: 2 }, in_order: true, stalls: 0, longest_stall_ms: null };
    } });
  assert.deepEqual(order, names);
  assert.equal(said.length, 2 * names.length);
});

test('a conclusion names stalls and disorder', () => {
  const text = conclusion({ method: 'callback', time_ms: 500, hello: { max: 300 }, in_order: false, stalls: 1, longest_stall_ms: 260 }, format);
  assert.match(text, /waited up to 300 ms; the loop was blocked for up to 260 ms; records came out of order/);
});

test('the claims are of known methods', () => {
  for (const method of Object.keys(claims)) assert.ok(names.includes(method));
});
