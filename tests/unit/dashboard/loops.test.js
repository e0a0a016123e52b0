// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoopLog } from '../../../server/dashboard/page/measure/loops.js';

/** A sample with one loop, after `s` seconds. */
const sampleAt = (s, { count, sumMs, stalledMs = 0, name = 'a (1)' }) => ({
  monotonic_ms: s * 1000,
  loops: [{ name, pid: 1, stalled_for_ms: stalledMs, stalls: 0, turns: { count, sum_ms: sumMs, max_ms: 3 } }],
});

function noteAll(...samples) {
  const log = new LoopLog();
  for (const each of samples) log.note(each);
  return log;
}

test('one sample is no rate', () => {
  const [loop] = noteAll(sampleAt(0, { count: 7, sumMs: 70 })).all;
  assert.deepEqual([loop.turnsPerS, loop.busy, loop.longestMs], [null, null, 3]);
});

test('rates are those of the last second', () => {
  const log = noteAll(
    sampleAt(0, { count: 0, sumMs: 0 }),
    sampleAt(1, { count: 1000, sumMs: 900 }),
    sampleAt(2, { count: 1100, sumMs: 1000 }),
  );
  assert.equal(log.all[0].turnsPerS, 100);
  assert.ok(Math.abs(log.all[0].busy - 0.1) < 1e-9);
});

test('a stall in progress counts as busy before it has ended, and once', () => {
  const log = noteAll(sampleAt(0, { count: 5, sumMs: 10 }), sampleAt(0.5, { count: 5, sumMs: 10, stalledMs: 500 }));
  assert.equal(log.busiest, 1);
  log.note(sampleAt(1, { count: 6, sumMs: 510 }));
  assert.equal(log.busiest, 0.5);
});

test('a loop that vanishes is forgotten', () => {
  const log = noteAll(sampleAt(0, { count: 5, sumMs: 10 }), { monotonic_ms: 100, loops: [] });
  assert.deepEqual([log.all, log.busiest], [[], null]);
  log.note(sampleAt(0.2, { count: 900, sumMs: 10 }));
  assert.equal(log.all[0].turnsPerS, null);
});
