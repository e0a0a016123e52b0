// SPDX-License-Identifier: MIT

// A browser that reaches one port alone: that of the admin plane, which passes on what the page asks of the data plane.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, read, waitForState } from './browser.js';
import { startLoopscope } from './loopscope.js';

let browser;
let service;
before(async () => {
  browser = await launch();
  service = await startLoopscope(['--relay']);
});
after(async () => {
  await browser?.close();
  await service?.stop();
});

test('with --relay the page measures and writes through the port of the admin plane', async () => {
  const prepare = (context) => context.route(`${service.data}/**`, (route) => route.abort());
  const { page, log } = await open(browser, service.page, { prepare });
  await page.waitForFunction(() => /relays/.test(document.getElementById('info').textContent));
  await page.fill('#field_count', '1000000');
  await page.click('#run_sync');
  await page.waitForSelector('#results_table tbody tr');
  const result = await read(page, (app) => app.results.results[0]);
  assert.equal(result.in_order, true);
  assert.ok(result.longest_stall_ms > 0.5 * result.time_ms, JSON.stringify(result.report.loop));
  assert.ok(result.hello.max > 0.5 * result.time_ms, JSON.stringify(result.hello));
  await waitForState(page, 'ok');
  assert.deepEqual([log.errors, log.foreign], [[], []]);
  assert.deepEqual(
    log.requests.filter((url) => url.startsWith(service.data)),
    [],
  );
});

test('without it, the page says what to do when it cannot reach the data plane', async () => {
  const plain = await startLoopscope();
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(120_000); // for a busy machine; no test measures it
    await context.route(`${plain.data}/**`, (route) => route.abort());
    const page = await context.newPage();
    await page.goto(plain.page);
    // In one look: a busy machine can hold up the loop for a moment, and the page says so before it goes on.
    await page.waitForFunction(() => {
      const status = document.getElementById('status');
      return status.dataset.state === 'data_gone' && status.textContent.includes('--relay');
    });
    const refused = await page.evaluate(async () => (await fetch('relay/hello')).status);
    assert.equal(refused, 404);
    await context.close();
  } finally {
    await plain.stop();
  }
});
