// SPDX-License-Identifier: MIT

// The page of a program that is watched from outside. The service sends the page; /info and /events are a watcher's.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { launch, openPage, read, waitForState } from './browser.js';
import { startLoopscope } from './loopscope.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const info = {
  version: '0.1.0',
  mode: 'watch',
  command: ['node', 'server.js'],
  pid: 4711,
  stall_threshold_ms: 25,
  machine: { cores: 2, kernel: '6' },
};
const endedStall = {
  id: 3,
  started: '2026-01-31T09:05:01.250Z',
  started_monotonic_ms: 6_000,
  duration_ms: 312,
  verdict: 'off_cpu',
  culprit: { function: 'writeAll', file: 'server.js', line: 9 },
  request: null,
  sentence: 'loop node (4711) was blocked for 312 ms in writeAll (server.js:9).',
};
const loop = {
  name: 'node (4711)',
  running: true,
  stalled_for_ms: 0,
  stalls: 1,
  window_ms: 100,
  lag: { count: 0, p50_us: null, p90_us: null, p99_us: null, p99_9_us: null, max_us: null },
  cpu_share: 0.1,
  busy_share: 0.1,
  stall: null,
  ended: [endedStall],
  pid: 4711,
};
const sampleOf = (loops, ms) => ({
  monotonic_ms: ms,
  loops,
  process: { resident_bytes: 5e7, threads: 7, cpu_share: 0.2 },
  page_cache: null,
  runs: [],
  buffer: null,
});
const turns = (count, sumMs) => ({ count, sum_ms: sumMs, max_ms: 312 });
const toEvents = (samples) => samples.map((each) => `event: sample\ndata: ${JSON.stringify(each)}\n\n`).join('');

/** Answers in place of a watcher, with these samples each time that the page connects. */
const pretend = (samples) => async (context) => {
  // The requests of a shared worker cannot be answered here. Without one, the page reads the events itself.
  await context.addInitScript(() => delete window.SharedWorker);
  await context.route('**/info', (route) => route.fulfill({ json: info }));
  await context.route('**/stalls?*', (route) => route.fulfill({ json: { stalls: [] } }));
  await context.route('**/events', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `retry: 100\n\n${toEvents(samples)}` }),
  );
};

let browser;
let service;
before(async () => {
  browser = await launch();
  service = await startLoopscope();
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

const visit = (samples, options) => openPage(browser, service.page, { prepare: pretend(samples), ...options });
const textOf = (page, id) => page.textContent(`#${id}`);

describe('the page of a watched program', () => {
  test('says what is watched, and shows its loops and stalls without a part of a data plane', async () => {
    const { page, context, log } = await visit([
      sampleOf([{ ...loop, turns: turns(100, 10) }], 7_000),
      sampleOf([{ ...loop, turns: turns(150, 35) }], 7_100),
    ]);
    await waitForState(page, 'ok');
    await page.waitForSelector('#loops_table tbody tr');
    assert.equal(await textOf(page, 'watched'), 'node server.js');
    assert.match(await page.title(), /^node server\.js – loopscope watch$/);
    await page.waitForFunction(() => document.getElementById('stall_list').textContent.includes('writeAll'));
    const row = await page.$$eval('#loops_table tbody tr > *', (cells) => cells.map((each) => each.textContent));
    assert.deepEqual(row.slice(0, 3), ['node (4711)', '4711', 'responsive']);
    assert.deepEqual(row.slice(5), ['312 ms', '1']);
    for (const hidden of ['#methods_waiting', '#results_title', '#path_title', '#hello_now'])
      assert.equal(await page.isVisible(hidden), false, hidden);
    for (const shown of ['#chart_busy canvas', '#chart_cpu canvas', '#loops_table'])
      assert.equal(await page.isVisible(shown), true, shown);
    const charts = await page.$$eval('#charts figure', (figures) => figures.map(({ id }) => id));
    assert.deepEqual(charts, ['chart_stalled', 'chart_busy', 'chart_cpu', 'chart_memory']);
    assert.deepEqual(log.errors, []);
    assert.equal(log.requests.filter((url) => /hello$|methods$/.test(new URL(url).pathname)).length, 0);
    await context.close();
  });

  test('names the loop that is blocked', async () => {
    const stall = { ...endedStall, id: 4, sentence: null };
    const blocked = { ...loop, stalled_for_ms: 900, stalls: 2, stall, turns: turns(100, 10) };
    const { page, context } = await visit([sampleOf([blocked], 7_000)]);
    await waitForState(page, 'blocked');
    assert.match(await textOf(page, 'status_detail'), /Loop node \(4711\)/);
    await page.waitForSelector('#loops_table tr.blocked');
    await context.close();
  });

  test('has no loop at first, and none is called blocked', async () => {
    const { page, context, log } = await visit([sampleOf([], 7_000)]);
    await waitForState(page, 'ok');
    assert.equal(await page.isVisible('#loops_text'), true);
    assert.equal(await read(page, ({ samples }) => samples.last.loops.length), 0);
    assert.deepEqual(log.errors, []);
    await context.close();
  });

  for (const [width, colorScheme] of [
    [1280, 'light'],
    [400, 'dark'],
  ])
    test(`is accessible and fits ${width} pixels, ${colorScheme}`, async () => {
      const { page, context } = await visit([sampleOf([{ ...loop, turns: turns(100, 10) }], 7_000)], {
        viewport: { width, height: 860 },
        colorScheme,
      });
      await waitForState(page, 'ok');
      await page.waitForSelector('#loops_table tbody tr');
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(
        serious.map(({ id, nodes }) => [id, nodes.map((each) => each.html)]),
        [],
      );
      await context.close();
    });
});
