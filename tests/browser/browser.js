import { chromium } from 'playwright-core';

/** Debian's Chromium, which asks nobody for anything by itself. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.LOOPSCOPE_CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** A page that remembers what it should not have done: console errors and requests to other hosts. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1100 }, ...options });
  const page = await context.newPage();
  const seen = { errors: [], foreign: [], requests: [] };
  const host = new URL(url).hostname;
  page.on('console', (message) => { if (message.type() === 'error') seen.errors.push(message.text()); });
  page.on('pageerror', (error) => seen.errors.push(String(error.stack ?? error)));
  context.on('request', (request) => {
    seen.requests.push(request.url());
    if (!request.url().startsWith('blob:') && new URL(request.url()).hostname !== host) seen.foreign.push(request.url());
  });
  await page.goto(url);
  await page.waitForFunction(() => document.getElementById('status').dataset.state === 'ok', null, { timeout: 30_000 });
  return { page, context, seen };
}

/** Calls `look(app, value)` in the page with the page's own objects: what it measured, not what it drew. */
export async function read(page, look, value) {
  const app = await page.evaluateHandle(() => import('/dashboard/app.js').then((module) => module.app));
  const call = new Function('argument', `return (${look})(argument.app, argument.value);`);
  return page.evaluate(call, { app, value });
}
