// SPDX-License-Identifier: MIT

// A Writable: false from write() means wait for drain. highWaterMark null is the default of this version of Node.js:
// 16 KiB before version 22, 64 KiB since.

import { once } from 'node:events';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';

import { record } from './record.js';

/** The file system as a stream calls it, which counts the calls and how many of them are under way at once. */
function counted(counters) {
  let underWay = 0;
  const wrap =
    (call) =>
    (...args) => {
      const done = args.pop();
      ++counters.writeCalls;
      ++underWay;
      counters.writesAtOnce = Math.max(counters.writesAtOnce ?? 0, underWay);
      call(...args, (...results) => {
        --underWay;
        done(...results);
      });
    };
  return { open: fs.open, close: fs.close, write: wrap(fs.write), writev: wrap(fs.writev) };
}

export async function stream({ file, count, gone, counters, highWaterMark }) {
  // The stream has the descriptor's number: a stream on the FileHandle itself would keep it open.
  counters.writeCalls = 0;
  const options = {
    fd: file.fd,
    autoClose: false,
    fs: counted(counters),
    ...(highWaterMark === null ? {} : { highWaterMark }),
  };
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
