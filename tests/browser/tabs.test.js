// SPDX-License-Identifier: MIT

// Many pages of one browser. It opens six connections to a host and port, and a stream of events keeps one: if each page
// had its own, the seventh would wait for ever.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { launch, read, waitForState } from './browser.js';
import { startLoopscope } from './loopscope.js';

/** Passes every request on to the admin plane. `streams` holds the open requests of /events. */
async function startProxy(target) {
  const streams = new Set();
  const server = http.createServer((asked, answer) => {
    const passed = http.request(new URL(asked.url, target), { method: asked.method, headers: asked.headers });
    passed.on('response', (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => {
      streams.delete(passed);
      passed.destroy();
    });
    if (asked.url === '/events') streams.add(passed);
    asked.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    streams,
    url: `http://127.0.0.1:${server.address().port}/`,
    async become(count) {
      for (let i = 0; i < 600 && streams.size !== count; ++i) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(streams.size, count, 'open streams of events');
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Tells the page that it is hidden or shown, as a browser does for a tab in the background. */
function show(page, visible) {
  return page.evaluate((shown) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => !shown });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visible);
}

/** Waits for events that arrive from now on. */
function nextEvent(page) {
  return read(page, async ({ stream, now }) => {
    const from = now();
    while ((stream.lastEvent ?? 0) <= from) await new Promise((resolve) => setTimeout(resolve, 20));
  });
}

describe('the pages of one browser', () => {
  let browser;
  let service;
  let proxy;
  let context;
  before(async () => {
    browser = await launch();
    service = await startLoopscope();
  });
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  beforeEach(async () => {
    proxy = await startProxy(service.page);
    context = await browser.newContext();
    context.setDefaultTimeout(120_000); // for a busy machine; no test measures it
  });
  afterEach(async () => {
    await context?.close();
    proxy?.stop();
  });

  async function openTab() {
    const page = await context.newPage();
    await page.goto(proxy.url);
    await waitForState(page, 'ok');
    return page;
  }

  test('seven read one stream of events, and the seventh works', async () => {
    const pages = [];
    for (let i = 0; i < 7; ++i) {
      pages.push(await openTab());
      assert.equal(proxy.streams.size, 1);
    }
    await Promise.all(pages.map(nextEvent));
    for (const page of pages.slice(0, 6)) await show(page, false); // each requests /hello while it is shown
    const last = pages[6];
    await last.waitForSelector('#methods button');
    await last.fill('#field_count', '1000');
    await last.click('#run_stream');
    await last.waitForSelector('#results_table tbody tr');
    await proxy.become(1);
  });

  test('the stream closes while every page is hidden, and opens again for the first that is shown', async () => {
    const [one, two] = [await openTab(), await openTab()];
    await show(one, false);
    await nextEvent(two);
    await show(two, false);
    await proxy.become(0);
    const before = await read(one, ({ stream }) => stream.lastEvent);
    await show(one, true);
    await proxy.become(1);
    await nextEvent(one);
    await waitForState(one, 'ok');
    assert.ok((await read(one, ({ stream }) => stream.lastEvent)) > before);
    assert.ok(await read(two, ({ stream, now }) => now() - stream.lastEvent > 0));
  });

  test('the stream outlives the page that opened it, and ends with the last one', async () => {
    const [one, two] = [await openTab(), await openTab()];
    await one.close();
    await nextEvent(two);
    await proxy.become(1);
    await two.close();
    await proxy.become(0);
  });
});
