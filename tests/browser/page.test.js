// The page as a person uses it, in a real browser against the real service.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { launch, open, read } from './browser.js';
import { startLoopscope } from './loopscope.js';

const longSync = '6000000';
const leastPauseMs = 3000; // of announcer.js
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe('the dashboard', () => {
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

  const visit = (options, path = '') => open(browser, service.page + path, options);

  test('while sync writes the line of /hello rises and the card names the function', async () => {
    const { page, context, seen } = await visit();
    await page.waitForFunction(() => document.getElementById('hello_now').textContent.endsWith('ms'));
    await page.fill('#field_count', longSync);
    await page.click('#run_sync');
    await page.waitForFunction(() => /Blocked [0-9.]+ s/.test(document.getElementById('status_title').textContent));
    await page.waitForFunction(() => document.getElementById('stall_stack').children.length > 0);
    const during = await read(page, (app) => {
      app.draw();
      return {
        running: app.samples.last.runs.length,
        waiting: app.hello.waitingNow(app.now()),
        drawn: Math.max(...app.hello.window(app.now() - 60_000, app.now(), app.now())[2]),
      };
    });
    const facts = await page.textContent('#stall_facts');
    const stack = await page.textContent('#stall_stack');
    const progress = await page.getAttribute('#running progress', 'value');
    assert.equal(during.running, 1, 'the write had ended before the card was read');
    assert.ok(during.waiting.oldestMs > 100, JSON.stringify(during));
    assert.ok(during.drawn > 100);
    assert.match(facts, /blocking_write|write_sync/);
    assert.match(facts, /writers\/.*:[0-9]+/);
    assert.match(facts, /POST \/write\?method=sync/);
    assert.match(stack, /writers\/methods\/sync\.cpp:[0-9]+/);
    assert.ok(Number(progress) > 0 && Number(progress) < 1, progress);

    await page.waitForSelector('#results_table tbody tr', { timeout: 60_000 });
    const worst = await read(page, (app) => app.results.results[0]);
    assert.ok(worst.hello.max > 0.8 * worst.time_ms, JSON.stringify(worst.hello));
    assert.ok(worst.hello.count > 5);
    const band = await read(page, (app) => Math.max(...app.stalls.all().map((stall) => stall.duration_ms)));
    assert.ok(band > 0.8 * worst.time_ms);
    assert.match(await page.textContent('#results_table'), /the articles say/);
    assert.deepEqual(seen.errors, []);
    assert.deepEqual(seen.foreign, []);
    await context.close();
  });

  test('while stream writes the line stays flat', async () => {
    const { page, context, seen } = await visit({}, '?count=10000000&repeat=3s');
    await page.click('#run_stream');
    await page.waitForSelector('#results_table tbody tr', { timeout: 60_000 });
    const result = await read(page, (app) => app.results.results[0]);
    const span = result.to - result.from;
    assert.ok(result.hello.count >= 40, JSON.stringify(result.hello));
    // Blocked, the worst would be as long as the write and the median half of it.
    assert.ok(
      result.hello.p50 < 0.05 * span && result.hello.max < 0.25 * span,
      `${span} ms: ${JSON.stringify(result.hello)}`,
    );
    assert.equal(result.in_order, true);
    assert.ok(result.drains > 1000);
    assert.match(await page.textContent('#buffer_text'), /drains so far/);
    assert.match(await page.textContent('#path_stages'), /of 66 kB/);
    assert.deepEqual(seen.errors, []);
    await context.close();
  });

  test("a refused write says the service's own words", async () => {
    const { page, context } = await visit({}, '?count=100000000');
    await page.click('#run_callback');
    await page.waitForFunction(() => document.getElementById('run_message').textContent.startsWith('No result'));
    assert.match(await page.textContent('#run_message'), /limit|pending/i);
    await context.close();
  });

  test('axe finds no serious violation at either width in either theme, with results and a stall shown', async () => {
    for (const width of [400, 1600]) {
      for (const colorScheme of ['light', 'dark']) {
        const { page, context } = await visit({ viewport: { width, height: 900 }, colorScheme }, '?count=1500000');
        await page.click('#run_sync');
        await page.waitForSelector('#results_table tbody tr', { timeout: 60_000 });
        await page.waitForSelector('#stall_stack li');
        for (const summary of await page.$$('.chart_table summary')) await summary.click();
        await page.evaluate(axe); // not a script of the page, whose policy would refuse it
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const serious = violations
          .filter(({ impact }) => ['serious', 'critical'].includes(impact))
          .map(
            ({ id, nodes }) =>
              `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`,
          );
        assert.deepEqual(serious, [], `${width} ${colorScheme}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${width} ${colorScheme}: ${overflow} px too wide`);
        await context.close();
      }
    }
  });

  test('the keyboard alone runs a write, pauses, zooms and comes back', async () => {
    const { page, context } = await visit({}, '?count=1000');
    const focused = () => page.evaluate(() => document.activeElement.id);
    for (let i = 0; i < 20 && (await focused()) !== 'run_stream'; ++i) await page.keyboard.press('Tab');
    assert.equal(await focused(), 'run_stream');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#results_table tbody tr');
    await page.focus('#chart_hello .plot');
    await page.keyboard.press('p');
    assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
    const frozen = await read(page, (app) => app.window.range(app.now()));
    await page.keyboard.press('+');
    assert.equal(await read(page, (app) => app.window.range(app.now()).to - app.window.range(app.now()).from), 30_000);
    await page.keyboard.press('ArrowLeft');
    assert.match(await page.textContent('#chart_hello .legend'), /ms/);
    await page.keyboard.press('0');
    const live = await read(page, (app) => app.window.range(app.now()));
    assert.equal(live.to - live.from, 60_000);
    assert.ok(live.to > frozen.to);
    await context.close();
  });

  test('a stall is announced, politely, when it begins and when it is over', async () => {
    const { page, context } = await visit();
    await page.evaluate(() => {
      window.said = [];
      const live = document.getElementById('live');
      new MutationObserver(() => window.said.push(live.textContent)).observe(live, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    await page.waitForTimeout(leastPauseMs); // what the page said at its start keeps the next word waiting
    await page.fill('#field_count', longSync);
    await page.click('#run_sync');
    await page.waitForFunction(
      () => window.said.some((text) => /^sync: .* the loop was blocked for up to /.test(text)),
      null,
      { timeout: 60_000 },
    );
    const said = await page.evaluate(() => window.said);
    assert.ok(
      said.some((text) => /^Loop io-0 is blocked/.test(text)),
      JSON.stringify(said),
    );
    assert.equal(await page.getAttribute('#live', 'aria-live'), 'polite');
    await context.close();
  });

  test('with reduced motion the charts are drawn once a second and nothing fades', async () => {
    const frames = async (options) => {
      const { page, context } = await visit(options);
      const counted = await page.evaluate(
        () =>
          new Promise((done) => {
            let count = 0;
            const clear = CanvasRenderingContext2D.prototype.clearRect;
            const counted = document.querySelector('canvas');
            CanvasRenderingContext2D.prototype.clearRect = function (...all) {
              if (this.canvas === counted) ++count;
              return clear.apply(this, all);
            };
            setTimeout(() => done(count), 4000);
          }),
      );
      const fades = await page.evaluate(() => getComputedStyle(document.getElementById('status')).transitionDuration);
      await context.close();
      return { counted, fades };
    };
    const calm = await frames({ reducedMotion: 'reduce' });
    const usual = await frames({ reducedMotion: 'no-preference' });
    assert.ok(calm.counted >= 1 && calm.counted <= 5, JSON.stringify(calm));
    assert.ok(usual.counted > calm.counted, JSON.stringify({ calm, usual }));
    assert.equal(calm.fades, '0s');
    assert.notEqual(usual.fades, '0s');
  });

  test('a link brings the state back', async () => {
    const { page, context } = await visit();
    await page.fill('#field_count', '5000');
    await page.selectOption('#field_theme', 'dark');
    const link = page.url();
    await context.close();
    const again = await open(browser, link);
    assert.equal(await again.page.inputValue('#field_count'), '5000');
    assert.equal(await again.page.getAttribute('html', 'data-theme'), 'dark');
    await again.context.close();
  });

  test('the session downloads as JSON with what was measured', async () => {
    const { page, context } = await visit({}, '?count=1000');
    await page.click('#run_sync');
    await page.waitForSelector('#results_table tbody tr');
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download_json')]);
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    const session = JSON.parse(Buffer.concat(chunks));
    assert.equal(session.format, 'loopscope-dashboard-session');
    assert.equal(session.results[0].method, 'sync');
    assert.equal(session.hello.intendedMs.length, session.hello.answeredAfterMs.length);
    assert.ok(session.samples.resident_bytes.every((value) => value > 0));
    await context.close();
  });

  test('the report downloads whole, or the page says that it is not part of the binary', async () => {
    const { page, context, seen } = await visit({}, '?count=300000');
    await page.click('#download_report');
    assert.match(await page.textContent('#share_text'), /run a write first/);
    for (const [i, method] of ['sync', 'stream'].entries()) {
      await page.click(`#run_${method}`);
      await page.waitForFunction((rows) => document.querySelectorAll('#results_table tbody').length > rows, i);
    }
    const hasTemplate = (await fetch(`${service.page}dashboard/report_template.html`)).ok;
    if (!hasTemplate) {
      await page.click('#download_report');
      await page.waitForFunction(() =>
        document.getElementById('share_text').textContent.includes('not part of this binary'),
      );
    } else {
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('#download_report')]);
      const path = await file.path();
      const report = await context.newPage();
      const errors = [];
      report.on('pageerror', (error) => errors.push(String(error)));
      await report.setContent(await readFile(path, 'utf8'));
      await report.waitForSelector('#method-stream canvas');
      assert.deepEqual(errors, []);
      const document = JSON.parse(await report.textContent('#results'));
      assert.equal(document.schema, 'loopscope-compare-1');
      assert.deepEqual(
        document.entries.map(({ method }) => method),
        ['sync', 'stream'],
      );
      assert.ok(document.entries[0].repeats[0].samples.at_ms.length >= 5);
      if (process.env.LOOPSCOPE_REPORT_OUT) await file.saveAs(process.env.LOOPSCOPE_REPORT_OUT);
      assert.deepEqual(seen.errors, []);
    }
    await context.close();
  });

  test('the page weighs less than 150 KiB and everything in it is asked for compressed', async () => {
    const { seen, context } = await visit();
    const own = [...new Set(seen.requests)]
      .filter((url) => url === service.page || url.includes('/dashboard/'))
      .filter((url) => !url.endsWith('report_template.html'));
    assert.ok(own.length > 20, String(own));
    let sum = 0;
    for (const url of own) {
      const answer = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(answer.headers.get('content-encoding'), 'gzip', url);
      sum += Number(answer.headers.get('content-length'));
    }
    console.log(`# the page weighs ${(sum / 1024).toFixed(1)} KiB in ${own.length} files`);
    assert.ok(sum > 20 * 1024 && sum < 150 * 1024, String(sum));
    await context.close();
  });
});

describe('when the service goes away', () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  const shows = (page, state) =>
    page.waitForFunction((wanted) => document.getElementById('status').dataset.state === wanted, state, {
      timeout: 30_000,
    });

  test('the page says gone, not blocked, and comes back by itself', async () => {
    const first = await startLoopscope();
    const { page, context } = await open(browser, first.page);
    const { listen, admin } = first.ready;
    await first.stop();
    await shows(page, 'gone');
    assert.match(await page.textContent('#status_detail'), /not a stall/);
    const second = await startLoopscope([], { listen, admin });
    try {
      await shows(page, 'ok');
      await page.waitForFunction(
        (pid) => document.getElementById('info').textContent.includes(`process ${pid}`),
        second.pid,
      );
    } finally {
      await context.close();
      await second.stop();
    }
  });

  test('a process that stands still is neither gone nor blocked', async () => {
    const service = await startLoopscope();
    const { page, context } = await open(browser, service.page);
    try {
      service.signal('SIGSTOP');
      await shows(page, 'frozen');
      service.signal('SIGCONT');
      await shows(page, 'ok');
    } finally {
      await context.close();
      await service.stop();
    }
  });
});

describe('when the browser sleeps', () => {
  const asleepMs = 5000;
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

  test('the charts have a gap for it, and nothing was asked or is waiting from that time', async () => {
    const { page, context, seen } = await open(browser, service.page);
    const system = await browser.newBrowserCDPSession();
    const asked = (app) => app.hello.window(0, Infinity, app.now(), { breaks: true });
    await page.waitForFunction(() => document.getElementById('hello_now').textContent.endsWith('ms'));
    const { processInfo } = await system.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    const from = await read(page, (app) => app.now());
    for (const id of renderers) process.kill(id, 'SIGSTOP');
    try {
      await new Promise((resolve) => setTimeout(resolve, asleepMs));
    } finally {
      for (const id of renderers) process.kill(id, 'SIGCONT');
    }
    await page.waitForFunction(() => document.getElementById('status').dataset.state === 'ok');
    await page.waitForFunction(
      (wanted) => import('/dashboard/app.js').then(({ app }) => app.hello.lastOk > wanted),
      from + asleepMs,
    );
    const [due, took, waiting] = await read(page, asked);
    const breaks = due.map((_, i) => i).filter((i) => took[i] === null && waiting[i] === null);
    assert.equal(breaks.length, 1, `of ${due.length} rows`);
    const [gap] = breaks;
    assert.ok(due[gap + 1] - due[gap] > 0.5 * asleepMs, `${due[gap + 1] - due[gap]} ms`);
    assert.ok(Math.max(...took) < 0.5 * asleepMs, `${Math.max(...took)} ms`);
    const samples = await read(page, (app) => app.samples.window(['resident_bytes'], 0, Infinity));
    assert.ok(samples[0].every((time, i) => i === 0 || time >= samples[0][i - 1]));
    assert.deepEqual(seen.errors, []);
    await context.close();
  });
});
