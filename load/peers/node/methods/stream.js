// A Writable: false from write() means wait for drain. The high-water mark is loopscope's default, so that both systems
// buffer alike; Node's own default was 16 KiB before version 22.

import { once } from 'node:events';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';

import { record } from './record.js';

const highWaterMark = 64 * 1024;

export async function stream({ file, count, gone, counters }) {
  // The stream has the descriptor's number: a stream on the FileHandle itself would keep it open.
  const output = fs.createWriteStream('', { fd: file.fd, autoClose: false, highWaterMark });
  const done = finished(output);
  done.catch(() => {}); // awaited below; an error before that also rejects once()
  counters.highWaterMark = highWaterMark;
  counters.drains = 0;
  counters.waitedMs = 0;
  for (let number = 0; number < count; ++number) {
    if (output.write(record(number))) continue;
    counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
    const waitingSince = performance.now();
    // Also if the client is gone: the chunk in flight uses this descriptor, which must stay open.
    await once(output, 'drain');
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
