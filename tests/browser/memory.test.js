// SPDX-License-Identifier: MIT

// The memory of the page must not grow with the time that it is open. Its logs hold ten minutes, its tables 200 stalls
// and 60 results: eleven minutes fill every bound, and what is added then must go again. A leak shows at the lower of two
// later looks, too; nodes that Chromium has not freed yet do not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, read } from './browser.js';
import { startLoopscope } from './loopscope.js';

const minutesToFill = 11;
const resultsPerMinute = 6;
const maxGrowthBytes = 2 * 1024 * 1024;

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

/** Feeds one minute of everything that the page keeps: samples, requests, stalls and results. */
function feedAMinute(app, value) {
  const { minute } = value;
  const template = app.samples.last;
  const base = app.now() + minute * 60_000;
  for (let i = 0; i < 600; ++i) {
    const at = base + i * 100;
    const id = 1_000_000 + minute * 600 + i;
    const stall = {
      id,
      started: new Date(at).toISOString(),
      started_monotonic_ms: at,
      duration_ms: 40,
      verdict: 'on_cpu',
      culprit: null,
      request: null,
      sentence: `stall ${id}`,
    };
    app.addSample(
      { ...template, monotonic_ms: at, loops: [{ ...template.loops[0], stall: null, ended: [stall] }] },
      at + 1,
    );
    for (let k = 0; k < 2; ++k) {
      const row = app.hello.rows.count;
      app.hello.due((app.hello.firstId ?? 0) + row, at + k * 50);
      app.hello.done(app.hello.firstId + row, at + k * 50 + 3, true);
    }
  }
  for (let i = 0; i < value.resultsPerMinute; ++i)
    app.results.add({ ...structuredClone(value.result), from: base, to: base + 1 });
  app.draw();
}

test('memory does not grow once every log is full', async () => {
  const { page, context, log } = await open(browser, service.page);
  await page.evaluate(() => {
    for (const each of document.querySelectorAll('.chart_table')) each.open = true;
  });
  await page.fill('#field_count', '1000');
  await page.click('#run_stream');
  await page.waitForSelector('#results_table tbody tr');
  const result = await read(page, (app) => app.results.results[0]);
  await read(page, (app) => {
    app.stream.close();
    app.probe.worker.terminate();
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  const measure = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const metric = (name) => metrics.find((each) => each.name === name).value;
    return { heap: metric('JSHeapUsedSize'), nodes: metric('Nodes') };
  };
  const feed = async (from) => {
    for (let minute = from; minute < from + minutesToFill; ++minute)
      await read(page, feedAMinute, { minute, result, resultsPerMinute });
    return measure();
  };
  const full = await feed(0);
  const looks = [await feed(minutesToFill), await feed(2 * minutesToFill)];
  const later = {
    heap: Math.min(...looks.map((each) => each.heap)),
    nodes: Math.min(...looks.map((each) => each.nodes)),
  };
  console.log(`# heap ${full.heap}, then ${later.heap}; nodes ${full.nodes}, then ${later.nodes}`);
  const rows = await read(page, (app) => [app.samples.rows.count, app.hello.rows.count, app.results.results.length]);
  assert.ok(rows[0] > 13_000 && rows[1] > 26_000 && rows[2] === 60, String(rows));
  assert.ok(later.heap - full.heap < maxGrowthBytes, `${later.heap - full.heap} bytes more`);
  assert.ok(later.nodes - full.nodes < 200, `${later.nodes - full.nodes} nodes more`);
  assert.deepEqual(log.errors, []);
  await context.close();
});
