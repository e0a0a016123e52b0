import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../../server/dashboard/page/connection.js';

const well = { now: 10_000, last_event: 9_950, stream_failed: false, stalled_ms: 0, loop: 'io-0', threshold_ms: 25,
  hello_ok: 9_990, hello_failed: null, hello_waiting_ms: 0, admin: 'a:1', data: 'http://a:2' };

const state = (seen) => judge({ ...well, ...seen }).state;

test('events and answers mean that all is well', () => assert.equal(state({}), 'ok'));

test('events without answers and a stalled loop mean blocked', () => {
  const said = judge({ ...well, stalled_ms: 1200, hello_ok: 8_000, hello_waiting_ms: 1200 });
  assert.equal(said.state, 'blocked');
  assert.match(said.title, /1\.20 s/);
  assert.match(said.detail, /alive/);
});

test('no events and refused requests mean gone and not blocked', () => {
  const said = judge({ ...well, last_event: 6_000, hello_failed: 9_500, hello_ok: 6_000, stalled_ms: 1200 });
  assert.equal(said.state, 'gone');
  assert.match(said.detail, /not a stall/);
});

test('silence on both planes without a refusal means that the process stands still', () => {
  assert.equal(state({ last_event: 5_000, hello_ok: 5_000, hello_waiting_ms: 5_000 }), 'frozen');
});

test('only the admin plane may be away', () => assert.equal(state({ last_event: 5_000 }), 'admin_gone'));

test('only the data plane may be out of reach', () => {
  assert.equal(state({ hello_ok: null, hello_failed: 9_900 }), 'data_gone');
});

test('before the first event nothing is claimed', () => {
  assert.equal(state({ last_event: null, hello_ok: null }), 'connecting');
});
