// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Announcer } from '../../../server/dashboard/page/draw/announcer.js';
import { digest } from '../../../server/dashboard/page/draw/chart-table.js';
import { meanCycle, runFigures, stages } from '../../../server/dashboard/page/draw/data-path.js';
import * as format from '../../../server/dashboard/page/draw/format.js';
import { facts } from '../../../server/dashboard/page/draw/stall-card.js';
import { summarize } from '../../../server/dashboard/page/measure/percentile.js';
import { toRow } from '../../../server/dashboard/page/measure/samples.js';
import { claimsByMethod } from '../../../server/dashboard/page/run/results.js';
import { toResult, WriteFailed } from '../../../server/dashboard/page/run/runner.js';
import { conclusion, runStory } from '../../../server/dashboard/page/run/story.js';

test('percentiles are of the nearest rank and null for nothing', () => {
  assert.deepEqual(summarize([4, 1, 3, 2]), { count: 4, p50: 2, p99: 4, max: 4 });
  assert.deepEqual(summarize([]), { count: 0, p50: null, p99: null, max: null });
});

test('what was not measured is a dash', () => {
  assert.equal(format.ms(null), '–');
  assert.equal(format.bytes(undefined), '–');
  assert.equal(format.ms(0), '0.0 us');
  assert.equal(format.ms(1234), '1.23 s');
  assert.equal(format.bytes(7_888_890), '7.9 MB');
});

test('announcements keep a distance, and the latest of each topic wins', () => {
  const said = [];
  const timers = [];
  let now = 0;
  const speaker = new Announcer(
    (text) => said.push(text),
    (then, ms) => timers.push({ then, at: now + ms }),
    () => now,
  );
  speaker.announce('stall', 'blocked');
  now = 100;
  speaker.announce('stall', 'still blocked');
  speaker.announce('run', 'a result');
  speaker.announce('stall', 'no longer blocked');
  assert.deepEqual(said, ['blocked']);
  for (const wanted of [
    ['blocked', 'no longer blocked'],
    ['blocked', 'no longer blocked', 'a result'],
  ]) {
    const { then, at } = timers.shift();
    assert.equal(timers.length, 0);
    assert.equal(at, now < 3000 ? 3000 : 6000);
    now = at;
    then();
    assert.deepEqual(said, wanted);
  }
  assert.equal(timers.length, 0);
});

test("a chart's table keeps the greatest value of each part", () => {
  const rows = digest(
    [
      [5, 15, 16],
      [1, 9, 2],
    ],
    0,
    20,
    2,
  );
  assert.deepEqual(rows, [
    [10, 9],
    [0, 1],
  ]);
});

test('of several loops the worst is drawn', () => {
  const loop = (lag, stalledForMs, cpuShare) => ({
    lag: { max_us: lag },
    stalled_for_ms: stalledForMs,
    cpu_share: cpuShare,
  });
  const row = toRow(
    {
      loops: [loop(10, 0, 0.1), loop(2000, 300, null)],
      process: { cpu_share: 0.5, resident_bytes: 7 },
      page_cache: { outputs_dirty_bytes: null, machine_dirty_bytes: 3 },
      runs: [{ progress: { pending_bytes: 4 } }, { progress: { pending_bytes: 5 } }],
    },
    99,
  );
  assert.deepEqual(row, [99, 2, 300, 0.1, 0.5, 7, null, 3, 9]);
});

test('a loop that is not stalled has been so for 0 ms, which was measured', () => {
  const row = toRow(
    { loops: [{ lag: null, stalled_for_ms: 0, cpu_share: null }], process: {}, page_cache: {}, runs: [] },
    99,
  );
  assert.equal(row[2], 0);
});

test('a watched program has no page cache of outputs and may have no loop yet', () => {
  const row = toRow({ loops: [], process: { cpu_share: 0.5, resident_bytes: 7 }, page_cache: null, runs: [] }, 99);
  assert.deepEqual(row, [99, null, null, null, 0.5, 7, null, null, 0]);
});

const streamLike = { name: 'new', loop: 'free', backEnds: ['threads', 'uring'], defaults: { high_water_mark: 65_536 } };

test("the buffer's stage shows bytes against the high-water mark", () => {
  const progress = {
    written_records: 10,
    pending_records: 4,
    pending_bytes: 32_768,
    high_water_mark: 65_536,
    drains: 2,
    waited_ms: 0.1,
  };
  const running = { io: 'threads', count: 100, elapsed_ms: 0.4, progress };
  const figures = runFigures(running, null);
  assert.equal(stages(streamLike, figures, null)[1].level, 0.5);
  assert.deepEqual(meanCycle(figures), { drains: 2, fillUs: 150, waitUs: 50 });
});

test('the stage of the copies says how many a record has, once a report tells', () => {
  const stage = (copies) => stages(streamLike, copies === null ? null : { copies, syscalls: null }, null)[3];
  assert.deepEqual([stage(1).figure, stage(1).note], ['1', 'of each record: into the page cache, none before that']);
  assert.equal(stage(4).note, 'of each record: into the page cache, and 3 before that');
  assert.equal(stage(null).note, 'of the bytes of each record');
});

test('a claim of the book belongs to a figure of a method', () => {
  const time = { text: '2-3 s' };
  const book = [{ method: 'sync', figure: 'time', value: time }, { method: 'sync', value: {} }, { value: {} }];
  assert.deepEqual(claimsByMethod(book), { sync: { time } });
});

test('the data path of a method follows from its description, not from its name', () => {
  const where = (method) => stages({ name: 'new', defaults: {}, ...method }, null, null).map((stage) => stage.where);
  assert.deepEqual(where({ loop: 'blocked', backEnds: [] }), ['loop', 'loop', 'loop', 'kernel', 'kernel', 'device']);
  assert.deepEqual(where({ loop: 'free', backEnds: ['threads'] }), [
    'pool',
    'pool',
    'pool',
    'kernel',
    'kernel',
    'device',
  ]);
  assert.deepEqual(where(streamLike), ['loop', 'loop', 'pool', 'kernel', 'kernel', 'device']);
  const buffer = (method) => stages({ name: 'new', defaults: {}, backEnds: [], ...method }, null, null)[1].name;
  assert.deepEqual(
    [buffer({ loop: 'stressed' }), buffer({ loop: 'free' }), buffer(streamLike)],
    ['queue', 'no buffer', 'buffer'],
  );
});

test("a stall's facts name function, place, request and delayed requests", () => {
  const all = Object.fromEntries(
    facts(
      {
        in_progress: true,
        verdict: 'on_cpu',
        culprit: { function: 'f', file: 'a.cpp', line: 3 },
        request: { route: 'POST /write', query: 'method=sync' },
      },
      { count: 4, oldestMs: 312 },
    ),
  );
  assert.equal(all.function, 'f');
  assert.equal(all['file and line'], 'a.cpp:3');
  assert.equal(all.request, 'POST /write?method=sync');
  assert.match(all.delayed, /4 requests of this browser, the oldest for 312 ms/);
});

const report = (completed, inOrder, stall) => ({
  count: 5,
  io: null,
  timing_ms: { completed, durable: null },
  memory: { rss_peak_bytes: completed },
  backpressure: { drains: null },
  loop: { stalls: stall === null ? 0 : 1, longest_stall_ms: stall },
  content: { in_order: inOrder, complete: true, out_of_order_records: 0 },
});

test('repeated runs make one result: the median time, the greatest memory, any disorder', () => {
  const result = toResult(
    {
      method: 'callback',
      query: '',
      from: 0,
      to: 1,
      reports: [report(3, true, null), report(1, false, 40), report(2, true, null)],
    },
    {},
  );
  assert.equal(result.time_ms, 2);
  assert.equal(result.peak_bytes, 3);
  assert.equal(result.in_order, false);
  assert.equal(result.stalls, 1);
  assert.equal(result.longest_stall_ms, 40);
  assert.equal(result.drains, null);
});

test('without a stall there is no longest one', () => {
  const result = toResult({ method: 'sync', reports: [report(1, true, null)] }, {});
  assert.deepEqual([result.stalls, result.longest_stall_ms], [0, null]);
});

test('order that was not checked is unknown', () => {
  assert.equal(toResult({ method: 'sync', reports: [report(1, null, null)] }, {}).in_order, null);
});

test('the story announces every method, and goes on after one that the service refuses', async () => {
  const methods = ['a', 'refused', 'b'].map((name) => ({ name, shows: `shows ${name}` }));
  const texts = [];
  await runStory(methods, {
    wait: async () => {},
    say: (text) => texts.push(text),
    run: async ({ method }) => {
      assert.equal(texts.at(-1), `${method}. shows ${method}`);
      if (method === 'refused') throw new WriteFailed('takes no other back end');
      return { method, time_ms: 1, hello: { max: 2 }, in_order: true, stalls: 0, longest_stall_ms: null };
    },
  });
  assert.equal(texts.length, 6);
  assert.equal(texts[3], 'refused: no result. takes no other back end');
  assert.match(texts[5], /^b: 1\.0 ms/);
});

test('the story ends when the reader stops it', async () => {
  const run = async () => {
    throw new WriteFailed('stopped', { stopped: true });
  };
  const methods = [
    { name: 'a', shows: '' },
    { name: 'b', shows: '' },
  ];
  const texts = [];
  const story = runStory(methods, { run, wait: async () => {}, say: (text) => texts.push(text) });
  await assert.rejects(story, WriteFailed);
  assert.equal(texts.length, 1);
});

test('a conclusion names stalls and disorder', () => {
  const text = conclusion({
    method: 'callback',
    time_ms: 500,
    hello: { max: 300 },
    in_order: false,
    stalls: 1,
    longest_stall_ms: 260,
  });
  assert.match(text, /waited up to 300 ms; the loop was blocked for up to 260 ms; records are out of order/);
});
