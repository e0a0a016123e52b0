// Starts every write at once with a callback each and no backpressure: memory grows with the count, and the threads of
// the pool may change the order. The first error is reported after every started write has called back.

import fs from 'node:fs';
import { performance } from 'node:perf_hooks';

import { record } from './record.js';

export function callback({ file, count, counters }) {
  return new Promise((resolve, reject) => {
    let left = count;
    let failure = null;
    let pendingBytes = 0;

    const settle = () => {
      if (--left > 0) return;
      if (failure) reject(failure);
      else resolve();
    };
    for (let number = 0; number < count; ++number) {
      const text = record(number);
      pendingBytes += text.length;
      fs.write(file.fd, text, (error, written) => {
        // The rest of a short write could only be appended in the wrong place, so a short write is an error here.
        if (!error && written < text.length) error = new Error(`short write of record ${number}`);
        failure ??= error;
        settle();
      });
    }
    counters.queuedAt = performance.now();
    // No callback has run yet: they wait for the end of this loop.
    counters.writeCalls = count;
    counters.pendingPeakRecords = count;
    counters.pendingPeakBytes = pendingBytes;
  });
}
