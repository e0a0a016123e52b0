// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataPlaneUrl, defaults, fromQuery, relayUrl, toQuery } from '../../../server/dashboard/page/state.js';

test('a link carries only what differs and comes back the same', () => {
  const state = { ...defaults, method: 'stream', count: '5000', theme: 'dark' };
  assert.equal(toQuery(state), '?method=stream&count=5000&theme=dark');
  assert.deepEqual(fromQuery(toQuery(state)), state);
  assert.equal(toQuery(defaults), '');
});

test('what a link may not say is ignored', () => {
  assert.deepEqual(fromQuery('?method=%3Cb%3E&count=1e6&theme=%3Cb%3E&__proto__=1&data_port=99999'), defaults);
});

test("the data plane is on the page's host, at the port that the service listens on or the one given", () => {
  const location = { protocol: 'http:', hostname: 'demo.local' };
  assert.equal(dataPlaneUrl(location, '0.0.0.0:8080'), 'http://demo.local:8080');
  assert.equal(dataPlaneUrl({ protocol: 'http:', hostname: '[::1]' }, '[::1]:81'), 'http://[::1]:81');
  assert.equal(dataPlaneUrl(location, '0.0.0.0:8080', '9080'), 'http://demo.local:9080');
});

test("a relay is below the page's folder, whatever the page's query is", () => {
  assert.equal(relayUrl('https://demo.example/?method=sync'), 'https://demo.example/relay');
  assert.equal(relayUrl('https://demo.example/loops/#x'), 'https://demo.example/loops/relay');
});
