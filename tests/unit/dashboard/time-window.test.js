// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeWindow } from '../../../server/dashboard/page/draw/time-window.js';

test('follows the clock until it is paused', () => {
  const shown = new TimeWindow(60_000);
  assert.deepEqual(shown.range(100_000), { from: 40_000, to: 100_000 });
  shown.pause(100_000);
  assert.deepEqual(shown.range(150_000), { from: 40_000, to: 100_000 });
  shown.resume();
  assert.equal(shown.range(150_000).to, 150_000);
});

test('zooms around the cursor while it stands still, and keeps now at the edge while it does not', () => {
  const shown = new TimeWindow(60_000);
  shown.zoom(0.5, 100_000);
  assert.deepEqual(shown.range(100_000), { from: 70_000, to: 100_000 });
  shown.choose(40_000, 60_000);
  shown.zoom(0.5, 100_000, 45_000);
  assert.deepEqual(shown.range(100_000), { from: 42_500, to: 52_500 });
  shown.zoom(0.5, 100_000);
  assert.deepEqual(shown.range(100_000), { from: 47_500, to: 52_500 });
  shown.zoom(2, 100_000, 999_000);
  assert.deepEqual(shown.range(100_000), { from: 42_500, to: 52_500 });
});

test('never looks beyond now', () => {
  const shown = new TimeWindow(60_000);
  shown.pause(100_000);
  shown.pan(0.5, 110_000);
  assert.equal(shown.range(110_000).to, 110_000);
});
