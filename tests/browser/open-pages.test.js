// SPDX-License-Identifier: MIT

// The cost of open pages for the data plane. /events belongs to the admin plane: its clients must not reach the loop
// under test. The clients are connections of this process, because twenty browsers would occupy the machine.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { startLoopscope } from './loopscope.js';

const samplesPerCount = 15;

let service;
before(async () => {
  service = await startLoopscope();
});
after(() => service?.stop());

/** How often the loop's thread has gone to sleep, which is how often it has been woken. */
async function loopWakeUps() {
  const tasks = `/proc/${service.pid}/task`;
  for (const id of await readdir(tasks)) {
    if ((await readFile(`${tasks}/${id}/comm`, 'utf8')).trim() !== 'io-0') continue;
    return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(await readFile(`${tasks}/${id}/status`, 'utf8'))[1]);
  }
  throw new Error('no thread io-0');
}

/** Opens /events. `samples` counts what arrives. */
function openStream() {
  const stream = { samples: 0, onSample: () => {} };
  const request = http.get(`${service.page}events`, (response) => {
    response.setEncoding('utf8');
    response.on('data', (text) => {
      const count = text.split('event: sample').length - 1;
      stream.samples += count;
      if (count > 0) stream.onSample();
    });
  });
  request.on('error', () => {}); // by close()
  stream.close = () => request.destroy();
  stream.reach = (count) =>
    new Promise((resolve) => {
      stream.onSample = () => stream.samples >= count && resolve();
    });
  return stream;
}

/** The wake-ups of the loop for each sample, with so many streams open. */
async function wakeUpsPerSample(count) {
  const streams = Array.from({ length: count }, openStream);
  await Promise.all(streams.map((stream) => stream.reach(2)));
  const [first] = streams;
  const [samples, wakeUps] = [first.samples, await loopWakeUps()];
  await first.reach(samples + samplesPerCount);
  const perSample = ((await loopWakeUps()) - wakeUps) / (first.samples - samples);
  for (const stream of streams) stream.close();
  return perSample;
}

test('the loop wakes up as often for twenty open pages as for one', async () => {
  const one = await wakeUpsPerSample(1);
  const twenty = await wakeUpsPerSample(20);
  console.log(
    `# wake-ups of the loop for each sample: ${one.toFixed(1)} with one page, ${twenty.toFixed(1)} with twenty`,
  );
  // If the loop took part in each stream, it would wake up twenty times as often.
  assert.ok(twenty < 3 * one + 3, `${one} with one page, ${twenty} with twenty`);
});
