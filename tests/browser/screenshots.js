// SPDX-License-Identifier: MIT

// Screenshots of the page for people to look at: node screenshots.js FOLDER. In two widths and two themes, during a
// stall and after "Run all".
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { launch, open } from './browser.js';
import { startLoopscope } from './loopscope.js';

const folder = process.argv[2] ?? 'screenshots';
await mkdir(folder, { recursive: true });
const browser = await launch();
const service = await startLoopscope();
const widths = [
  [400, 860],
  [1280, 900],
];
const shot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
try {
  for (const [width, height] of widths) {
    for (const colorScheme of ['light', 'dark']) {
      const { page, context } = await open(browser, `${service.page}?count=2000000`, {
        viewport: { width, height },
        colorScheme,
      });
      await page.waitForTimeout(2000);
      await page.click('#run_sync');
      await page.waitForFunction(() => document.getElementById('stall_stack').children.length > 0);
      await page.waitForTimeout(1200);
      await shot(page, `stall_${width}_${colorScheme}`);
      await page.waitForSelector('#results_table tbody tr', { timeout: 60_000 });
      await context.close();
    }
  }
  const { page } = await open(browser, service.page, { viewport: { width: 1280, height: 900 } });
  const started = Date.now();
  await page.click('#run_all');
  await page.waitForFunction(() => document.getElementById('run_message').textContent.startsWith('All methods'), null, {
    timeout: 180_000,
  });
  console.log(`run all took ${((Date.now() - started) / 1000).toFixed(1)} s`);
  for (const [width, height] of widths) {
    await page.setViewportSize({ width, height });
    for (const theme of ['light', 'dark']) {
      await page.selectOption('#field_theme', theme);
      await page.waitForTimeout(500);
      await shot(page, `story_${width}_${theme}`);
    }
  }
} finally {
  await browser.close();
  await service.stop();
}
