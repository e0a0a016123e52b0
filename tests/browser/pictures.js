// SPDX-License-Identifier: MIT

// Makes the README's pictures from the real service in headless Chromium:
//
//   node tests/browser/pictures.js page                   .github/pictures/page.webp, moving: /hello while sync writes
//   node tests/browser/pictures.js report REPORT.html     .github/pictures/report.webp: a chart of that report
//
// Beside each picture it leaves the checksums of the sources that were drawn. tests/structure/pictures_test.py compares them
// and asks for a new picture when a source has changed. Needs npm ci in tests/browser and .ci/install-packages.sh pictures.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
process.env.LOOPSCOPE_BINARY ??= path.join(root, 'build/bin/loopscope');
process.env.LOOPSCOPE_CHROMIUM ??= '/usr/bin/chromium';
const { launch, open } = await import('./browser.js');
const { startLoopscope } = await import('./loopscope.js');

const pictures = path.join(root, '.github/pictures');
const size = { width: 1200, height: 880 };
// The text beside each button, and the keys, are left out: without them the whole card is in the picture.
const shorter =
  '#methods p, .live > .hint, .chart_table, #run_message { display: none } #methods { grid-template-columns: 1fr 1fr 1fr; gap: 0.4rem } #methods li { display: block }';
const records = 2_000_000; // about three seconds
const maxStarts = 10;
const beforeMs = 2000;
const afterMs = 2500;
const minFrameMs = 120;
const lastFrameMs = 1500; // before it begins again

/** Lines as sha256sum prints them: of every file below a folder of the repository. */
async function checksums(folder) {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((each) => each.isFile() || each.isSymbolicLink())
    .map((each) => path.relative(root, path.join(each.parentPath ?? each.path, each.name)))
    .sort();
  const lines = [];
  for (const file of files) {
    const sum = createHash('sha256').update(await readFile(path.join(root, file)));
    lines.push(`${sum.digest('hex')}  ${file}\n`);
  }
  return lines.join('');
}

/** Collects what Chromium draws, as [PNG, time in ms], from the beginning of `story` to its end. */
async function film(page, story) {
  const devtools = await page.context().newCDPSession(page);
  const frames = [];
  devtools.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    frames.push([Buffer.from(data, 'base64'), metadata.timestamp * 1000]);
    devtools.send('Page.screencastFrameAck', { sessionId }).catch(() => {}); // the browser may have been closed
  });
  await devtools.send('Page.startScreencast', { format: 'png', everyNthFrame: 1 });
  await story();
  await devtools.send('Page.stopScreencast');
  return frames;
}

/** Frames that are at least minFrameMs apart, each with the time until the next one. */
function withDurations(frames) {
  const kept = [];
  for (const [png, at] of frames) if (kept.length === 0 || at - kept.at(-1).at >= minFrameMs) kept.push({ png, at });
  return kept.map(({ png, at }, index) => [
    png,
    Math.round(index + 1 < kept.length ? kept[index + 1].at - at : lastFrameMs),
  ]);
}

/** A service and its page, whose card has no stall yet: the page shows an old one for as long as there is no newer one. */
async function startWithoutStall(browser) {
  for (let attempt = 1; attempt <= maxStarts; attempt += 1) {
    const service = await startLoopscope();
    try {
      const { page, context } = await open(browser, `${service.page}?window_s=10&theme=light&count=${records}`, {
        viewport: size,
        bypassCSP: true,
      });
      await page.waitForTimeout(beforeMs); // the charts begin with something in them
      const { stalls } = await (await fetch(`${service.page}stalls`)).json();
      if (stalls.length === 0) return { service, page };
      await context.close();
    } catch (error) {
      await service.stop();
      throw error;
    }
    await service.stop();
  }
  throw new Error(`Each of ${maxStarts} services stalled before its write: this machine is too busy for a picture.`);
}

async function movingPage(folder) {
  const browser = await launch();
  let service;
  try {
    const started = await startWithoutStall(browser);
    const { page } = started;
    service = started.service;
    await page.addStyleTag({ content: shorter });
    await page.selectOption('#stall_choice', 'longest'); // not a short one of a busy machine that follows
    const frames = await film(page, async () => {
      await page.waitForTimeout(beforeMs);
      await page.click('#run_sync');
      await page.waitForSelector('#results_table tbody tr', { timeout: 60_000 });
      await page.waitForTimeout(afterMs);
    });
    const names = [];
    for (const [index, [png, duration]] of withDurations(frames).entries()) {
      const name = path.join(folder, `${String(index).padStart(4, '0')}.png`);
      await writeFile(name, png);
      names.push('-d', String(duration), name);
    }
    execFileSync('img2webp', ['-loop', '0', '-lossy', '-q', '70', ...names, '-o', path.join(pictures, 'page.webp')]);
  } finally {
    await browser.close();
    await service?.stop();
  }
}

async function reportPicture(folder, report) {
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1200, height: 535 }, colorScheme: 'light' });
    const page = await context.newPage();
    await page.goto(`${pathToFileURL(path.resolve(report)).href}#method-sync`);
    await page.waitForTimeout(1000);
    const png = path.join(folder, 'report.png');
    await page.screenshot({ path: png });
    execFileSync('cwebp', ['-quiet', '-lossless', png, '-o', path.join(pictures, 'report.webp')]);
  } finally {
    await browser.close();
  }
}

const [kind, report] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), 'loopscope-pictures.'));
try {
  if (kind === 'page' && report === undefined) {
    await movingPage(folder);
    await writeFile(path.join(pictures, 'page.sha256'), await checksums('server/dashboard/page'));
  } else if (kind === 'report' && report !== undefined) {
    await reportPicture(folder, report);
    await writeFile(path.join(pictures, 'report.sha256'), await checksums('load/report'));
  } else {
    console.error('usage: node tests/browser/pictures.js page | report REPORT.html');
    process.exitCode = 2;
  }
} finally {
  await rm(folder, { recursive: true });
}
