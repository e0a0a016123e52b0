// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, judgeWatched } from '../../../server/dashboard/page/measure/connection.js';

const well = {
  now: 10_000,
  lastEvent: 9_950,
  streamFailed: false,
  stalledMs: 0,
  loop: 'io-0',
  thresholdMs: 25,
  helloOk: 9_990,
  helloFailed: null,
  helloWaitingMs: 0,
  admin: 'a:1',
  data: 'http://a:2',
};

const state = (seen) => judge({ ...well, ...seen }).state;

test('events and answers mean that all is well', () => assert.equal(state({}), 'ok'));

test('events without answers and a stalled loop mean blocked', () => {
  const said = judge({ ...well, stalledMs: 1200, helloOk: 8_000, helloWaitingMs: 1200 });
  assert.equal(said.state, 'blocked');
  assert.match(said.title, /1\.20 s/);
  assert.match(said.detail, /alive/);
});

test('no events and refused requests mean gone and not blocked', () => {
  const said = judge({ ...well, lastEvent: 6_000, helloFailed: 9_500, helloOk: 6_000, stalledMs: 1200 });
  assert.equal(said.state, 'gone');
  assert.match(said.detail, /not a stall/);
});

test('silence on both planes without a refusal means that the process stands still', () => {
  assert.equal(state({ lastEvent: 5_000, helloOk: 5_000, helloWaitingMs: 5_000 }), 'frozen');
});

test('only the admin plane may be away', () => assert.equal(state({ lastEvent: 5_000 }), 'admin_gone'));

test('only the data plane may be out of reach', () => {
  assert.equal(state({ helloOk: null, helloFailed: 9_900 }), 'data_gone');
});

test('before the first event nothing is claimed', () => {
  assert.equal(state({ lastEvent: null, helloOk: null }), 'connecting');
});

const watched = { ...well, helloOk: null, helloFailed: null, loops: 1, data: null };
const watchedState = (seen) => judgeWatched({ ...watched, ...seen }).state;

test('a watched program is judged by its loops alone', () => {
  assert.equal(watchedState({}), 'ok');
  assert.equal(watchedState({ stalledMs: 1200 }), 'blocked');
  assert.equal(watchedState({ lastEvent: null }), 'connecting');
  assert.equal(watchedState({ lastEvent: 5_000 }), 'gone');
});

test('a watched program without loops is not called blocked', () => {
  assert.match(judgeWatched({ ...watched, loops: 0, loop: undefined }).detail, /No loop has been found/);
});
