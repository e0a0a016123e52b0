// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockOffset, toWall } from '../../../server/dashboard/page/measure/clock.js';
import { ReconnectingSource } from '../../../server/dashboard/page/measure/event-source.js';
import { SampleLog } from '../../../server/dashboard/page/measure/samples.js';

/** Notes a sample every 100 ms, from `begin` on the server's clock, which arrive on the page's at `arrival`. */
function follow(offset, begin, arrival, count, delay = () => 3) {
  for (let i = 0; i < count; ++i) offset.note(begin + i * 100, arrival + i * 100 + delay(i));
}

test('the clock offset is the least delay seen lately', () => {
  const offset = new ClockOffset();
  offset.note(1000, 1007);
  offset.note(1100, 1102);
  assert.equal(offset.note(1200, 1290), 2);
  follow(offset, 2000, 2000, 1300, () => 9);
  assert.equal(offset.value, 9, 'what was seen two minutes ago is forgotten');
});

test('clocks that moved apart are followed within a second in either direction', () => {
  for (const step of [-10_000, 10_000, -8 * 3_600_000, 8 * 3_600_000]) {
    const offset = new ClockOffset();
    follow(offset, 0, 0, 600);
    follow(offset, 60_000 + step, 60_000, 11);
    assert.equal(offset.value, 3 - step, `the server's clock by ${step}`);
  }
});

test('a page that was busy for seconds does not take late samples for a clock that moved', () => {
  const offset = new ClockOffset();
  follow(offset, 0, 0, 600);
  // Fifty samples that waited are handled at once, and the last of them had not waited.
  follow(offset, 60_000, 60_000, 50, (i) => (49 - i) * 100 + 3);
  assert.equal(offset.value, 3);
});

test('another process is another clock', () => {
  const offset = new ClockOffset();
  follow(offset, 5_000_000, 0, 20);
  offset.reset();
  follow(offset, 70, 2000, 1);
  assert.equal(offset.toBrowser(70), 2003);
});

test('rows stay in the order of their time when the clocks were found apart', () => {
  const log = new SampleLog();
  const sample = { loops: [], process: {}, page_cache: {}, runs: [] };
  for (const time of [1000, 1100, 1050, 1200]) log.add(sample, time);
  assert.deepEqual(log.window([], 0, 5000)[0], [1000, 1100, 1100, 1200]);
});

test('a line of samples has a gap where none came', () => {
  const log = new SampleLog();
  const sample = { loops: [], process: { resident_bytes: 7 }, page_cache: {}, runs: [] };
  for (const time of [1000, 1100, 8 * 3_600_000]) log.add(sample, time);
  assert.deepEqual(log.window(['resident_bytes'], 0, Infinity), [
    [1000, 1100, 1200, 8 * 3_600_000],
    [7, 7, null, 7],
  ]);
});

test('a moment is shown at the time of day that the browser has now', () => {
  assert.equal(toWall(5000, 1_000_000, 1_000_000), 5000);
  assert.equal(toWall(5000, 1_000_400, 1_000_000), 5000, 'ticks stay on their second');
  assert.equal(toWall(5000, 1_000_000 + 8 * 3_600_000, 1_000_000), 5000 + 8 * 3_600_000);
  assert.equal(toWall(5000, 1_000_000 - 60_000, 1_000_000), 5000 - 60_000);
});

test("a stream that brings events is left alone when the browser's clock is set", (context) => {
  let opened = 0;
  let deliver = null;
  globalThis.EventSource = class FakeSource {
    readyState = 1;
    constructor() {
      ++opened;
    }
    addEventListener(_, then) {
      deliver = then;
    }
    close() {}
  };
  globalThis.EventSource.CLOSED = 2;
  let browserTime = Date.now();
  context.mock.method(Date, 'now', () => browserTime);
  const received = [];
  const stream = new ReconnectingSource('events', ({ text }) => received.push(text));
  stream.open();
  for (const step of [3_600_000, -3_600_000]) {
    deliver({ data: '{}' });
    browserTime += step;
    stream.check();
  }
  stream.close();
  delete globalThis.EventSource;
  assert.equal(opened, 1);
  assert.deepEqual(received, ['{}', '{}']);
});
