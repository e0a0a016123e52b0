// A Writable: false from write() means wait for drain. The high-water mark is loopscope's, and the articles'.

import { once } from 'node:events';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';

import { record } from './record.js';

const highWaterMark = 64 * 1024;

export async function stream({ file, count, gone, counters }) {
  // By its number: a stream on the FileHandle itself would keep it open.
  const output = fs.createWriteStream('', { fd: file.fd, autoClose: false, highWaterMark });
  const done = finished(output);
  done.catch(() => {}); // awaited below; an error meanwhile also ends once()
  counters.highWaterMark = highWaterMark;
  counters.drains = 0;
  counters.waitedMs = 0;
  for (let number = 0; number < count; ++number) {
    if (output.write(record(number))) continue;
    counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
    const waitingSince = performance.now();
    await once(output, 'drain'); // also by who is gone: what is in flight goes to this number, whoever has it then
    gone.throwIfAborted();
    counters.waitedMs += performance.now() - waitingSince;
    ++counters.drains;
  }
  counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
  counters.pendingPeakRecords = null;
  output.end();
  counters.queuedAt = performance.now();
  await done;
}
