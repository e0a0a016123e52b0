// SPDX-License-Identifier: MIT

import { chromium } from 'playwright-core';

/** Debian's Chromium, without requests of its own. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.LOOPSCOPE_CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/**
 * Opens a page in a context of its own. `log` collects console errors, requests, and requests to other hosts.
 * `prepare(context)` runs before the page loads.
 */
export async function openPage(browser, url, { prepare, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(120_000); // for a busy machine; no test measures it
  const log = { errors: [], foreign: [], requests: [] };
  const host = new URL(url).hostname;
  context.on('request', (request) => {
    log.requests.push(request.url());
    if (!request.url().startsWith('blob:') && new URL(request.url()).hostname !== host) log.foreign.push(request.url());
  });
  await prepare?.(context);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') log.errors.push(message.text());
  });
  page.on('pageerror', (error) => log.errors.push(String(error.stack ?? error)));
  await page.goto(url);
  return { page, context, log };
}

export function waitForState(page, state) {
  return page.waitForFunction((wanted) => document.getElementById('status').dataset.state === wanted, state);
}

/** Opens a page and waits until it is ready for use: it reports a responsive service and has a button per method. */
export async function open(browser, url, options) {
  const opened = await openPage(browser, url, options);
  await waitForState(opened.page, 'ok');
  await opened.page.waitForSelector('#methods button');
  return opened;
}

/** Calls `look(app, value)` in the page with the page's own objects: the measurements, not the drawing. */
export async function read(page, look, value) {
  const app = await page.evaluateHandle(() => import('/dashboard/app.js').then((module) => module.app));
  const call = new Function('argument', `return (${look})(argument.app, argument.value);`);
  return page.evaluate(call, { app, value });
}
