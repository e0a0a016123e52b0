// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StallLog } from '../../../server/dashboard/page/measure/stalls.js';

const started = '2026-01-31T09:05:01.250Z';
const same = (ms) => ms;
const sample = (stall, ended = []) => ({ loops: [{ name: 'io-0', stall, ended }] });
const atMs = 70_000;
const stall = (id, durationMs) => ({ id, started, started_monotonic_ms: atMs, duration_ms: durationMs });

test('a stall begins once, grows, and ends once', () => {
  const log = new StallLog();
  log.noteSample(sample(stall(1, 100)), same);
  assert.equal(log.noteSample(sample(stall(1, 200)), same).length, 0);
  assert.equal(log.current.duration_ms, 200);
  assert.equal(log.noteSample(sample(null, [stall(1, 310)]), same).length, 1);
  assert.equal(log.noteSample(sample(null, [stall(1, 310)]), same).length, 0);
  assert.equal(log.current, null);
  assert.equal(log.newest.duration_ms, 310);
});

test('a stall ends on the page also if a better clock offset moves its start back', () => {
  const log = new StallLog();
  log.noteSample(sample(stall(1, 100)), (ms) => ms + 5);
  log.noteSample(sample(null, [stall(1, 310)]), (ms) => ms + 4);
  assert.deepEqual([log.newest.in_progress, log.newest.duration_ms], [false, 310]);
});

test('one that began and ended between two samples is not missed', () => {
  const log = new StallLog();
  assert.equal(log.noteSample(sample(null, [stall(2, 40), stall(1, 30)]), same).length, 2);
  assert.equal(log.all().length, 2);
});

test("its band lies on the page's clock, wherever the system clocks are", () => {
  const log = new StallLog();
  log.noteSample(sample(stall(1, 100)), (ms) => ms + 5);
  const at = atMs + 5;
  assert.deepEqual(log.bands(at - 10, at + 10), [[at, at + 100]]);
  assert.deepEqual(log.bands(at + 101, at + 200), []);
});

test('remembers a bounded number', () => {
  const log = new StallLog();
  for (let id = 1; id <= 1000; ++id) log.noteSample(sample(null, [stall(id, 30)]), same);
  assert.equal(log.all().length, 200);
});

test('the longest can be shown, but one in progress comes first', () => {
  const log = new StallLog();
  log.noteSample(sample(null, [stall(2, 40), stall(1, 900)]), same);
  assert.equal(log.shown('newest').id, 2);
  assert.equal(log.shown('longest').id, 1);
  log.noteSample(sample(stall(3, 50)), same);
  assert.equal(log.shown('longest').id, 3);
});
