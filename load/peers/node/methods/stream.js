// A Writable: false from write() means wait for drain. highWaterMark null is the default of this version of Node.js:
// 16 KiB before version 22, 64 KiB since.

import { once } from 'node:events';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';

import { record } from './record.js';

export async function stream({ file, count, gone, counters, highWaterMark }) {
  // The stream has the descriptor's number: a stream on the FileHandle itself would keep it open.
  const options = { fd: file.fd, autoClose: false, ...(highWaterMark === null ? {} : { highWaterMark }) };
  const output = fs.createWriteStream('', options);
  const done = finished(output);
  done.catch(() => {}); // awaited below; an error before that also rejects once()
  counters.highWaterMark = output.writableHighWaterMark;
  counters.drains = 0;
  counters.waitedMs = 0;
  counters.pendingPeakRecords = 0;
  let waitingFrom = 0;
  for (let number = 0; number < count; ++number) {
    if (output.write(record(number))) continue;
    counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
    counters.pendingPeakRecords = Math.max(counters.pendingPeakRecords, number + 1 - waitingFrom);
    counters.observeMemory();
    const waitingSince = performance.now();
    // Also if the client is gone: the chunk in flight uses this descriptor, which must stay open.
    await once(output, 'drain');
    gone.throwIfAborted();
    counters.waitedMs += performance.now() - waitingSince;
    ++counters.drains;
    waitingFrom = number + 1;
  }
  counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
  counters.pendingPeakRecords = Math.max(counters.pendingPeakRecords, count - waitingFrom);
  output.end();
  counters.queuedAt = performance.now();
  await done;
}
