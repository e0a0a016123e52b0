// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readers } from '../../../server/dashboard/page/measure/readers.js';

test('a page reads until it leaves', () => {
  const readers = new Readers(() => 0);
  assert.equal(readers.want('one'), true);
  assert.equal(readers.want('one'), false);
  assert.equal(readers.want('two'), true);
  assert.deepEqual(readers.all(), ['one', 'two']);
  readers.leave('one');
  assert.deepEqual(readers.all(), ['two']);
  assert.equal(readers.want('one'), true);
});

test('a page that has crashed no longer reads', () => {
  let now = 0;
  const readers = new Readers(() => now);
  readers.want('crashed');
  readers.want('alive');
  now = 8_000;
  readers.want('alive');
  now = 12_000;
  assert.deepEqual(readers.all(), ['alive']);
});
