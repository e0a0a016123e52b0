// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring } from '../../../server/dashboard/page/measure/ring.js';

test('the oldest rows make room', () => {
  const rows = new Ring(3, 2);
  for (let i = 0; i < 5; ++i) rows.push(i, i * 10);
  assert.deepEqual(rows.values(1, rows.range(0, 10)), [20, 30, 40]);
});

test('a range holds both its ends', () => {
  const rows = new Ring(8, 1);
  for (const time of [1, 2, 2, 3, 5]) rows.push(time);
  assert.deepEqual(rows.values(0, rows.range(2, 3)), [2, 2, 3]);
  assert.deepEqual(rows.values(0, rows.range(6, 9)), []);
});

test('what is not known is null and never zero', () => {
  const rows = new Ring(8, 3);
  rows.push(1, null, 0);
  assert.deepEqual(rows.values(1, [0, 1]), [null]);
  assert.deepEqual(rows.values(2, [0, 1]), [0]);
});
