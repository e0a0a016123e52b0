// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HelloLog } from '../../../server/dashboard/page/measure/hello-log.js';

test('latency counts from the intended time', () => {
  const log = new HelloLog();
  log.due(0, 1000);
  log.done(0, 1410, true);
  assert.deepEqual(log.window(0, 5000, 5000)[1], [410]);
});

test('one that waits is drawn growing', () => {
  const log = new HelloLog();
  log.due(0, 1000);
  assert.deepEqual(log.window(0, 5000, 1200)[2], [200]);
  assert.deepEqual(log.window(0, 5000, 3000)[2], [2000]);
  assert.deepEqual(log.waitingNow(3000), { count: 1, oldestMs: 2000 });
});

test('figures count what still waits and not what was given up', () => {
  const log = new HelloLog();
  for (let i = 0; i < 4; ++i) log.due(i, i * 50);
  log.done(0, 10, true);
  log.done(1, 70, true);
  log.abandoned(2);
  const { count, max, unanswered } = log.figures([{ from: 0, to: 200 }], 450);
  assert.equal(count, 3);
  assert.equal(max, 300);
  assert.equal(unanswered, 0);
});

test('a write that ended before a request was due has no figures', () => {
  const log = new HelloLog();
  log.due(0, 1000);
  log.done(0, 1001, true);
  assert.deepEqual(log.figures([{ from: 1010, to: 1020 }], 2000), {
    count: 0,
    p50: null,
    p99: null,
    max: null,
    unanswered: 0,
  });
});

test('an answer that comes after its row was overwritten changes nothing', () => {
  const log = new HelloLog(3);
  for (let i = 0; i < 5; ++i) log.due(i, i);
  log.done(0, 99, true);
  assert.deepEqual(log.window(0, 10, 10)[1], [null, null, null]);
});

test('a refused request is shown apart and is no latency', () => {
  const log = new HelloLog();
  log.due(0, 0);
  log.done(0, 3, false);
  const [, answered, waiting, failed] = log.window(0, 10, 10);
  assert.deepEqual([answered, waiting, failed], [[null], [null], [3]]);
  assert.deepEqual(log.figures([{ from: 0, to: 10 }], 10).count, 0);
});

test('a gap breaks the line and is no request', () => {
  const log = new HelloLog();
  log.due(0, 1000);
  log.done(0, 1002, true);
  log.gap(1, 1050);
  log.due(2, 9000);
  log.done(2, 9003, true);
  assert.deepEqual(log.window(0, 10_000, 10_000, { breaks: true }).slice(0, 2), [
    [1000, 1050, 9000],
    [2, null, 3],
  ]);
  assert.deepEqual(log.window(0, 10_000, 10_000).slice(0, 2), [
    [1000, 9000],
    [2, 3],
  ]);
  assert.deepEqual(log.waitingNow(10_000), { count: 0, oldestMs: null });
  assert.deepEqual(log.figures([{ from: 0, to: 10_000 }], 10_000), { count: 2, p50: 2, p99: 3, max: 3, unanswered: 0 });
});
