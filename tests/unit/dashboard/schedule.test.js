// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schedule } from '../../../server/dashboard/page/measure/schedule.js';

const made = (more = {}) => {
  const out = new Schedule({ period: 50, maxInFlight: 4, maxWaiting: 1200, ...more });
  out.start(0);
  return out;
};

test('requests are due at fixed times however late it is asked', () => {
  const requests = made();
  assert.deepEqual(
    requests.due(0).becameDue.map(({ intended }) => intended),
    [0],
  );
  assert.deepEqual(requests.due(49).becameDue, []);
  assert.deepEqual(
    requests.due(173).becameDue.map(({ intended }) => intended),
    [50, 100, 150],
  );
});

test('no more than so many are in flight and the oldest goes first', () => {
  const requests = made({ maxInFlight: 2 });
  requests.due(200);
  assert.deepEqual(
    requests.takeSendable().map(({ intended }) => intended),
    [0, 50],
  );
  assert.deepEqual(requests.takeSendable(), []);
  requests.done(0);
  assert.deepEqual(
    requests.takeSendable().map(({ intended }) => intended),
    [100],
  );
});

test('a request that waited for a connection keeps its intended time', () => {
  const requests = made({ maxInFlight: 1 });
  requests.due(100);
  requests.takeSendable();
  requests.due(2000);
  requests.done(0);
  assert.equal(requests.takeSendable()[0].intended, 50);
});

test('what waits is bounded and the oldest is given up', () => {
  const requests = made({ maxWaiting: 3, maxInFlight: 0 });
  const { abandoned } = requests.due(250);
  assert.deepEqual(
    abandoned.map(({ intended }) => intended),
    [0, 50, 100],
  );
  assert.equal(requests.waiting.length, 3);
});

test('a pause leaves no requests that were never due', () => {
  const requests = made();
  requests.due(0);
  requests.stop();
  assert.deepEqual(requests.due(5000).becameDue, []);
  assert.deepEqual(requests.start(5000), { id: 1, from: 5000 }, 'one entry for the gap');
  assert.deepEqual(
    requests.due(5000).becameDue.map(({ intended }) => intended),
    [5000],
  );
});

test('the pace changes from the next request on', () => {
  const requests = made();
  requests.due(0);
  requests.pace(1000, 10);
  assert.deepEqual(requests.due(1009).becameDue, []);
  assert.equal(requests.due(1010).becameDue.length, 1);
});

test('a browser that slept eight hours makes one entry for the gap and asks on from now', () => {
  const requests = made();
  requests.due(0);
  requests.takeSendable();
  requests.due(300);
  const woken = 8 * 3_600_000;
  const { gap, becameDue, abandoned } = requests.due(woken);
  assert.deepEqual(gap, { id: 7, from: 350 });
  assert.deepEqual(becameDue, [{ id: 8, intended: woken }]);
  assert.deepEqual(
    abandoned.map(({ id }) => id),
    [0, 1, 2, 3, 4, 5, 6],
    'their latency would be that of the sleep',
  );
  assert.equal(requests.done(0), false, 'an answer that comes after all is none');
  assert.deepEqual(
    requests.takeSendable().map(({ id }) => id),
    [8],
  );
  assert.equal(requests.due(woken + 100).gap, null);
  assert.equal(requests.done(8), true);
});

test('a browser that was late for a moment still asks for what was due', () => {
  const { gap, becameDue } = made().due(2000);
  assert.equal(gap, null);
  assert.equal(becameDue.length, 41);
});
