// SPDX-License-Identifier: MIT

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recommendationText } from '../../../server/dashboard/page/run/form.js';
import { MethodReader, toMethod } from '../../../server/dashboard/page/run/methods.js';
import { writeQuery } from '../../../server/dashboard/page/run/runner.js';
import { defaults } from '../../../server/dashboard/page/state.js';

const described = {
  name: 'new',
  loop: 'free',
  shows: 'a method that the page has never heard of',
  back_ends: ['threads', 'uring'],
  defaults: {
    count: 1_000_000,
    durability: 'cache',
    verify: false,
    io: 'auto',
    high_water_mark: 65_536,
    slice_us: null,
  },
};

test('a write carries only the parameters that its method has and that differ from its defaults', () => {
  const state = { ...defaults, io: 'uring', high_water_mark: '1024', slice_us: '9' };
  const query = (more) => writeQuery(toMethod({ ...described, ...more }), state);
  assert.equal(query({}), 'method=new&count=1000000&verify=true&io=uring&high_water_mark=1024');
  assert.equal(query({ back_ends: ['threads'], defaults: { io: 'auto' } }), 'method=new&count=1000000&verify=true');
  assert.equal(
    query({ back_ends: [], defaults: { slice_us: 500 } }),
    'method=new&count=1000000&verify=true&slice_us=9',
  );
  assert.equal(query({ defaults: { high_water_mark: 1024 } }), 'method=new&count=1000000&verify=true');
});

/** A reader whose fetch takes the next of `responses` and whose timer runs at once. */
function read(responses) {
  const lists = [];
  const texts = [];
  const reader = new MethodReader({
    onList: (list) => lists.push(list),
    onWait: (text) => texts.push(text),
    fetchList: async () => responses.shift()(),
    schedule: (then) => queueMicrotask(then),
  });
  return { reader, lists, texts };
}

const found = () => ({ ok: true, json: async () => ({ methods: [described] }) });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('the list of methods is requested until the service responds, and the page says so', async () => {
  const refused = () => {
    throw new Error('refused');
  };
  const { reader, lists, texts } = read([refused, () => ({ ok: false, status: 503 }), found]);
  reader.load('http://x');
  await settled();
  assert.deepEqual(
    lists.map((list) => list.map(({ name }) => name)),
    [['new']],
  );
  assert.ok(texts.some((text) => text.includes('refused')) && texts.some((text) => text.includes('HTTP 503')));
});

test('a late list of an earlier process is dropped', async () => {
  let release = null;
  const late = () =>
    new Promise((resolve) => {
      release = () => resolve(found());
    });
  const { reader, lists } = read([late, found]);
  reader.load('http://old');
  reader.load('http://new');
  await settled();
  release();
  await settled();
  assert.equal(lists.length, 1);
});

test('a recommendation says what is known, and that production is not known where it is not', () => {
  const found = { production: false, use_for: 'few records', never_for: 'many' };
  assert.equal(recommendationText(found), 'Production: no. Use it for few records. Never for many.');
  assert.equal(recommendationText({ production: null, use_for: null, never_for: null }), 'Production: not known.');
  assert.equal(
    recommendationText({ ...found, production: true, never_for: null }),
    'Production: yes. Use it for few records.',
  );
});
