// SPDX-License-Identifier: MIT

// The page as a person uses it, in a real browser with the real service.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { launch, open, openPage, read, waitForState } from './browser.js';
import { startLoopscope } from './loopscope.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let service;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
// A service for each test, because a failed test may leave a write behind.
beforeEach(async () => {
  service = await startLoopscope();
});
afterEach(async () => {
  await Promise.all((browser?.contexts() ?? []).map((context) => context.close()));
  await service?.stop();
});

const visit = (options, query = '') => open(browser, service.page + query, options);
const firstHello = (page) =>
  page.waitForFunction(() => /\d m?s$/.test(document.getElementById('hello_now').textContent));
/** Waits for a text that is drawn with the next frame. */
const waitForText = (page, id, text) =>
  page.waitForFunction(([name, wanted]) => document.getElementById(name).textContent.includes(wanted), [id, text]);
const firstResult = (page) => page.waitForSelector('#results_table tbody tr');

/**
 * The figures on the page while a write blocks the loop and its stack is drawn; if the write ends before, what the page
 * had not shown until then, as { missing }.
 */
async function whatIsDrawnDuringAWrite(app) {
  const text = (id) => document.getElementById(id).textContent;
  const earlier = app.results.results.length;
  let missing = [];
  while (app.results.results.length === earlier) {
    app.draw();
    const shown = {
      'a /hello that waits': app.hello.waitingNow(app.now()).oldestMs > 100,
      'one run': app.samples.last.runs.length === 1,
      'the time so far': /Blocked [0-9.]+ s/.test(text('status_title')),
      'file and line of the card': /\.[ch]pp:[0-9]+/.test(text('stall_facts')),
      'file and line of the stack': /\.cpp:[0-9]+/.test(text('stall_stack')),
    };
    missing = Object.keys(shown).filter((each) => !shown[each]);
    if (missing.length === 0)
      return {
        earlier,
        drawn: Math.max(...app.hello.window(app.now() - 60_000, app.now(), app.now())[2]),
        progress: Number(document.querySelector('#running progress').value),
        facts: text('stall_facts'),
        stack: text('stall_stack'),
      };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { missing };
}

/** By how much the page is wider than the window, and the elements that are; null if it is not. Runs in the page. */
function tooWide() {
  const excess = document.documentElement.scrollWidth - innerWidth;
  if (excess <= 0) return null;
  const elements = [...document.querySelectorAll('body *')]
    .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest('.scroll, .plot, .stack'))
    .map(({ tagName, id, textContent }) => `${tagName}#${id} ${textContent.slice(0, 80)}`);
  return { excess, elements };
}

describe('the dashboard', () => {
  test('while sync blocks the loop, /hello waits, the card names the function, and both ends are announced', async () => {
    const { page, log } = await visit();
    await firstHello(page);
    await read(page, ({ speaker }) => {
      window.announced = [];
      const announce = speaker.announce.bind(speaker);
      speaker.announce = (topic, text) => {
        window.announced.push(text);
        announce(topic, text);
      };
    });
    // If the write ends before the page has drawn it, a longer one follows.
    let during = { missing: ['anything'] };
    for (let count = 1_000_000; during.missing; count *= 2) {
      assert.ok(count < 64e6, `the page never drew ${during.missing}`);
      await page.fill('#field_count', String(count));
      await page.click('#run_sync');
      during = await read(page, whatIsDrawnDuringAWrite);
    }
    assert.ok(during.drawn > 100, String(during.drawn));
    assert.match(during.facts, /blocking_write|write_sync/);
    assert.match(during.facts, /writers\/.*:[0-9]+/);
    assert.match(during.facts, /POST \/write\?method=sync/);
    assert.match(during.stack, /writers\/methods\/sync\.cpp:[0-9]+/);
    assert.ok(during.progress > 0 && during.progress < 1, String(during.progress));

    const result = await read(
      page,
      async ({ results }, earlier) => {
        while (results.results.length === earlier) await new Promise((resolve) => setTimeout(resolve, 50));
        return results.results[0];
      },
      during.earlier,
    );
    assert.ok(result.hello.max > 0.8 * result.time_ms, JSON.stringify(result.hello));
    const band = await read(page, (app) => Math.max(...app.stalls.all().map((stall) => stall.duration_ms)));
    assert.ok(band > 0.8 * result.time_ms);
    assert.match(await page.textContent('#results_table'), /the articles say.*2-3 s/);

    const announced = await page.evaluate(() => window.announced);
    const lines = announced.join('\n');
    assert.match(lines, /^Loop io-0 is blocked( in .*\.[ch]pp:\d+)?\.$/m);
    assert.match(lines, /^loop io-0 was blocked for /m);
    assert.match(lines, /^sync: .* the loop was blocked for up to /m);
    assert.equal(await page.getAttribute('#live', 'aria-live'), 'polite');
    await page.waitForFunction((texts) => texts.includes(document.getElementById('live').textContent), announced);
    assert.deepEqual([log.errors, log.foreign], [[], []]);
  });

  test('while stream writes, the service has no long stall, and the page shows /hello and the buffer', async () => {
    // A drain for every 512 bytes makes the write last long enough. Chromium's own latencies prove nothing here: it gets
    // all responses late when the write's two threads take both cores. service.responsiveness measures /hello.
    const { page, log } = await visit({}, '?count=2000000&high_water_mark=512');
    await firstHello(page);
    await page.click('#run_stream');
    await firstResult(page);
    const result = await read(page, (app) => app.results.results[0]);
    assert.ok((result.longest_stall_ms ?? 0) < 0.5 * result.time_ms, JSON.stringify(result.report.loop));
    assert.ok(result.hello.count > 0 && result.hello.max > 0, JSON.stringify(result.hello));
    assert.equal(result.in_order, true);
    assert.ok(result.drains > result.report.bytes / 512 / 2, String(result.drains));
    await waitForText(page, 'buffer_text', 'drains so far');
    await waitForText(page, 'path_stages', 'of 512 B');
    assert.deepEqual(log.errors, []);
  });

  test('a method that the page has never heard of runs and has a result', async () => {
    // The service knows the alias; the page knows nothing but this description.
    const prepare = (context) =>
      context.route('**/methods', async (route) => {
        const response = await route.fetch();
        const list = await response.json();
        const promise = list.methods.find(({ aliases }) => aliases.includes('await'));
        list.methods = [{ ...promise, name: 'await', shows: 'described by the service only' }];
        await route.fulfill({ response, json: list });
      });
    const { page, log } = await visit({ prepare }, '?count=1000&method=sync');
    assert.match(await page.textContent('#methods'), /Run await.*described by the service only/);
    await page.click('#run_await');
    await firstResult(page);
    assert.match(await page.textContent('#results_table tbody'), /await.*1,000 records/);
    await waitForText(page, 'path_stages', 'written of 1,000');
    assert.deepEqual(log.errors, []);
  });

  test('the page comes up while the data plane is blocked, and has its methods afterwards', async () => {
    const stalled = async () => (await (await fetch(`${service.page}loop`)).json()).loops.some((l) => l.stalled_for_ms);
    let opened = null;
    let write = null;
    // If the write ends before the page is open, a longer one follows.
    for (let count = 2_000_000; !opened; count *= 2) {
      assert.ok(count < 64e6, 'the page never opened during the write');
      let ended = false;
      write = fetch(`${service.data}/write?method=sync&count=${count}`, { method: 'POST' }).then(() => {
        ended = true;
      });
      while (!(ended || (await stalled()))) await new Promise((resolve) => setTimeout(resolve, 20));
      const attempt = await openPage(browser, service.page);
      await attempt.page.waitForFunction(() =>
        document.getElementById('methods_waiting').textContent.includes('/methods'),
      );
      await Promise.race([write, waitForState(attempt.page, 'blocked')]);
      const buttons = await attempt.page.locator('#methods button').count();
      if (ended) await attempt.context.close();
      else opened = { ...attempt, buttons };
    }
    const { page, log, buttons } = opened;
    assert.equal(buttons, 0);
    assert.match(await page.textContent('#methods_waiting'), /Waiting for .*\/methods/);
    await write;
    await page.waitForSelector('#run_sync');
    assert.equal(await page.isVisible('#methods_waiting'), false);
    assert.deepEqual(log.errors, []);
  });

  test("a refused write shows the service's own reason", async () => {
    const { page } = await visit({}, '?count=100000000');
    await page.click('#run_callback');
    await page.waitForFunction(() => document.getElementById('run_message').textContent.startsWith('No result'));
    assert.match(await page.textContent('#run_message'), /limit|pending/i);
  });

  test('axe finds no serious violation at either width, in either theme, with results and a stall', async () => {
    const { page } = await visit({ reducedMotion: 'reduce' }, '?count=300000'); // colours at once, without transitions;
    await page.click('#run_sync');
    await firstResult(page);
    await page.waitForSelector('#stall_stack li');
    for (const summary of await page.$$('.chart_table summary')) await summary.click();
    await page.evaluate(axe); // evaluated by the tool: the policy of the page would refuse a script of its own
    for (const [width, colorScheme] of [
      [400, 'dark'],
      [1280, 'light'],
    ]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const serious = violations
        .filter(({ impact }) => ['serious', 'critical'].includes(impact))
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
      assert.deepEqual(serious, [], `${width} ${colorScheme}`);
      assert.equal(await page.evaluate(tooWide), null, `${width} ${colorScheme}`);
    }
  });

  test('the keyboard alone runs a write, pauses, zooms and returns to now', async () => {
    const { page } = await visit({}, '?count=1000');
    const focused = () => page.evaluate(() => document.activeElement.id);
    for (let i = 0; i < 20 && (await focused()) !== 'run_stream'; ++i) await page.keyboard.press('Tab');
    assert.equal(await focused(), 'run_stream');
    await page.keyboard.press('Enter');
    await firstResult(page);
    await page.focus('#chart_hello .plot');
    await page.keyboard.press('p');
    assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
    const frozen = await read(page, (app) => app.window.range(app.now()));
    await page.keyboard.press('+');
    const zoomed = await read(page, (app) => app.window.range(app.now()));
    assert.equal(zoomed.to - zoomed.from, 30_000);
    await page.keyboard.press('ArrowLeft');
    assert.match(await page.textContent('#chart_hello .legend'), /\d m?s/);
    await page.keyboard.press('0');
    const live = await read(page, (app) => app.window.range(app.now()));
    assert.equal(live.to - live.from, 60_000);
    assert.ok(live.to > frozen.to);
  });

  test('a drag across a chart, by pointer or finger, shows the span of time that it covers', async () => {
    const { page, log } = await visit();
    await firstHello(page);
    for (const pointerType of ['mouse', 'touch']) {
      await page.keyboard.press('0');
      const whole = await read(page, (app) => {
        app.draw(); // a drag covers what the chart showed last
        return app.window.range(app.now());
      });
      const { x, width } = await (await page.$('#chart_lag .plot')).boundingBox();
      await page.$eval(
        '#chart_lag .plot',
        (place, [type, ...xs]) => {
          place.setPointerCapture = () => {}; // no such pointer is down
          ['pointerdown', 'pointermove', 'pointerup'].forEach((name, i) => {
            const at = { clientX: xs[i], pageX: xs[i], clientY: 20, pageY: 20 };
            place.dispatchEvent(new PointerEvent(name, { bubbles: true, button: 0, pointerType: type, ...at }));
          });
        },
        [pointerType, x + width * 0.6, x + width * 0.8, x + width * 0.8],
      );
      const shown = await read(page, (app) => app.window.range(app.now()));
      const share = (shown.to - shown.from) / (whole.to - whole.from);
      assert.ok(share > 0.15 && share < 0.3, `${pointerType}: ${share}`);
      assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
    }
    assert.deepEqual(log.errors, []);
  });

  test('with reduced motion the charts are drawn at most once a second and nothing fades', async () => {
    // The time between two drawings is at least the frame period, however busy the machine is. Without reduced motion a
    // shorter time comes sooner or later.
    const measure = async (reducedMotion, below) => {
      const { page } = await visit({ reducedMotion });
      const gap = await page.evaluate(
        (limit) =>
          new Promise((done) => {
            let last = null;
            const canvas = document.querySelector('canvas');
            const clear = CanvasRenderingContext2D.prototype.clearRect;
            CanvasRenderingContext2D.prototype.clearRect = function (...args) {
              if (this.canvas === canvas) {
                const at = document.timeline.currentTime; // equal for all calls of one frame
                if (last !== null && at !== last && at - last < limit) done(at - last);
                last = at;
              }
              return clear.apply(this, args);
            };
          }),
        below,
      );
      const fade = await page.evaluate(() => getComputedStyle(document.getElementById('status')).transitionDuration);
      return { gap, fade };
    };
    const [reduced, usual] = await Promise.all([measure('reduce', 60_000), measure('no-preference', 990)]);
    assert.ok(reduced.gap >= 990, String(reduced.gap));
    assert.deepEqual([reduced.fade, usual.fade === '0s'], ['0s', false]);
  });

  test('a link restores the choices of the reader', async () => {
    const { page } = await visit();
    await page.fill('#field_count', '5000');
    await page.selectOption('#field_theme', 'dark');
    await page.goto(page.url());
    assert.equal(await page.inputValue('#field_count'), '5000');
    assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  });

  test('the session downloads as JSON with the measurements, and the page says how to render it', async () => {
    const { page } = await visit({}, '?count=1000');
    await page.click('#run_sync');
    await firstResult(page);
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download_json')]);
    const session = JSON.parse(await readFile(await file.path(), 'utf8'));
    assert.equal(session.format, 'loopscope-dashboard-session');
    assert.equal(session.version, 1);
    const [result] = session.results;
    assert.equal(result.method, 'sync');
    assert.equal(result.report.count, 1000);
    assert.ok(result.evidence.due_ms.length > 0);
    assert.equal(result.evidence.due_ms.length, result.evidence.took_ms.length);
    assert.equal(session.hello.intended_ms.length, session.hello.answered_after_ms.length);
    assert.ok(session.samples.resident_bytes.every((value) => value > 0));
    assert.match(await page.textContent('#share_text'), /load\/compare\.py report loopscope-.*\.json/);
  });

  test('the page weighs less than 150 KiB and every file of it is served compressed', async () => {
    const { log } = await visit();
    const own = [...new Set(log.requests)].filter((url) => url === service.page || url.includes('/dashboard/'));
    assert.ok(own.length > 20, String(own));
    const sizes = await Promise.all(
      own.map(async (url) => {
        const response = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
        assert.equal(response.headers.get('content-encoding'), 'gzip', url);
        return Number(response.headers.get('content-length'));
      }),
    );
    const sum = sizes.reduce((a, b) => a + b);
    console.log(`# the page weighs ${(sum / 1024).toFixed(1)} KiB in ${own.length} files`);
    assert.ok(sum > 20 * 1024 && sum < 150 * 1024, String(sum));
  });
});

describe('when the service goes away', () => {
  test('the page reports a service that is gone, not blocked, and reconnects by itself', async () => {
    const { page } = await visit();
    const { listen, admin } = service.ready;
    await service.stop();
    await waitForState(page, 'gone');
    assert.match(await page.textContent('#status_detail'), /not a stall/);
    service = await startLoopscope([], { listen, admin });
    await waitForState(page, 'ok');
    await page.waitForFunction(
      (pid) => document.getElementById('info').textContent.includes(`process ${pid}`),
      service.pid,
    );
  });

  test('a stopped process is neither gone nor blocked, and a narrow page has room to say so', async () => {
    const { page } = await visit({ viewport: { width: 400, height: 860 } });
    service.signal('SIGSTOP');
    await waitForState(page, 'frozen');
    assert.equal(await page.evaluate(tooWide), null);
    service.signal('SIGCONT');
    await waitForState(page, 'ok');
  });

  test('after the browser slept the charts have a gap, and no request waits from that time', async () => {
    const asleepMs = 3000; // longer than the two seconds that count as late
    const { page, log } = await visit();
    const system = await browser.newBrowserCDPSession();
    await firstHello(page);
    const { processInfo } = await system.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    const from = await read(page, (app) => app.now());
    for (const id of renderers) process.kill(id, 'SIGSTOP');
    try {
      await new Promise((resolve) => setTimeout(resolve, asleepMs));
    } finally {
      for (const id of renderers) process.kill(id, 'SIGCONT');
    }
    await page.waitForFunction(
      (wanted) => import('/dashboard/app.js').then(({ app }) => app.hello.lastOk > wanted),
      from + asleepMs,
    );
    const [due, took, waiting] = await read(page, (app) => app.hello.window(0, Infinity, app.now(), { breaks: true }));
    const gap = due.findIndex((at, i) => took[i] === null && waiting[i] === null && due[i + 1] - at > asleepMs / 2);
    assert.ok(gap >= 0, 'no gap');
    assert.ok(Math.max(...took) < asleepMs, `${Math.max(...took)} ms`);
    const [times] = await read(page, (app) => app.samples.window([], 0, Infinity));
    assert.ok(times.every((time, i) => i === 0 || time >= times[i - 1]));
    assert.deepEqual(log.errors, []);
  });
});
