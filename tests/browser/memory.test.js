// An hour of samples, compressed: what the page keeps must not grow with the time that it is open.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, read } from './browser.js';
import { startLoopscope } from './loopscope.js';

const minutes = 60;
const greatestGrowthBytes = 2 * 1024 * 1024;

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

/** One minute of everything that a page is fed with: samples, answers, stalls and a few results. */
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
      app.hello.done(app.hello.firstId + row, at + k * 50, at + k * 50 + 3, true);
    }
  }
  for (const method of ['sync', 'stream'])
    app.results.add({ ...structuredClone(value.result), method, from: base, to: base + 1 });
  app.draw();
}

test('an hour of samples leaves memory flat', { timeout: 240_000 }, async () => {
  const { page, context, seen } = await open(browser, service.page);
  await page.evaluate(() => {
    for (const each of document.querySelectorAll('.chart_table')) each.open = true;
  });
  await page.fill('#field_count', '1000');
  await page.click('#run_stream');
  await page.waitForSelector('#results_table tbody tr');
  const result = await read(page, (app) => app.results.results[0]);
  await read(page, (app) => {
    app.stream.source.close();
    app.probe.worker.terminate();
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  const measure = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await devtools.send('Performance.getMetrics');
    const of = (name) => metrics.find((each) => each.name === name).value;
    return { heap: of('JSHeapUsedSize'), nodes: of('Nodes') };
  };
  // Results are capped at 60: the first half hour fills every bound.
  for (let minute = 0; minute < minutes / 2; ++minute) await read(page, feedAMinute, { minute, result });
  const half = await measure();
  for (let minute = minutes / 2; minute < minutes; ++minute) await read(page, feedAMinute, { minute, result });
  const whole = await measure();
  console.log(
    `# heap after half an hour ${half.heap}, after an hour ${whole.heap}; nodes ${half.nodes}, ${whole.nodes}`,
  );
  assert.equal(await read(page, (app) => app.samples.rows.count > 36_000), true);
  assert.ok(whole.heap - half.heap < greatestGrowthBytes, `${whole.heap - half.heap} bytes more`);
  assert.ok(whole.nodes - half.nodes < 200, `${whole.nodes - half.nodes} nodes more`);
  assert.deepEqual(seen.errors, []);
  await context.close();
});
