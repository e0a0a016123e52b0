// SPDX-License-Identifier: MIT

// Awaits a write for each record: the loop is free, but every record takes a round trip to the thread pool.

import { performance } from 'node:perf_hooks';

import { record } from './record.js';

async function writeAll(file, text, counters) {
  ++counters.writeCalls;
  let { bytesWritten } = await file.write(text);
  if (bytesWritten === text.length) return;
  for (const rest = Buffer.from(text); bytesWritten < rest.length; ) {
    ++counters.writeCalls;
    bytesWritten += (await file.write(rest, bytesWritten)).bytesWritten;
  }
}

export async function promise({ file, count, gone, counters }) {
  counters.pendingPeakRecords = 1;
  counters.pendingPeakBytes = record(count - 1).length;
  for (let number = 0; number < count; ++number) {
    gone.throwIfAborted();
    await writeAll(file, record(number), counters);
  }
  counters.observeMemory();
  counters.queuedAt = performance.now();
}
