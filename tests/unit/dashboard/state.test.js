import assert from 'node:assert/strict';
import { test } from 'node:test';
import { data_plane_url, defaults, from_query, to_query, write_query } from '../../../server/dashboard/page/state.js';

test('a link carries only what differs and comes back the same', () => {
  const state = { ...defaults, method: 'stream', count: '5000', theme: 'dark' };
  assert.equal(to_query(state), '?method=stream&count=5000&theme=dark');
  assert.deepEqual(from_query(to_query(state)), state);
  assert.equal(to_query(defaults), '');
});

test('what a link may not say is ignored', () => {
  assert.deepEqual(from_query('?method=rm&count=1e6&theme=%3Cb%3E&__proto__=1&data_port=99999'), defaults);
});

test('a write is asked only for parameters that its method has', () => {
  const state = { ...defaults, io: 'uring', high_water_mark: '1024', slice_us: '9' };
  assert.equal(write_query('sync', state), 'method=sync&count=1000000&verify=true');
  assert.equal(write_query('stream', state), 'method=stream&count=1000000&verify=true&io=uring&high_water_mark=1024');
  assert.equal(write_query('partition', state), 'method=partition&count=1000000&verify=true&slice_us=9');
});

test('the data plane is on the page\'s host, at the port that the service listens on or the one given', () => {
  const location = { protocol: 'http:', hostname: 'demo.local' };
  assert.equal(data_plane_url(location, '0.0.0.0:8080'), 'http://demo.local:8080');
  assert.equal(data_plane_url({ protocol: 'http:', hostname: '[::1]' }, '[::1]:81'), 'http://[::1]:81');
  assert.equal(data_plane_url(location, '0.0.0.0:8080', '9080'), 'http://demo.local:9080');
});
