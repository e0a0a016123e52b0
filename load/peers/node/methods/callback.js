// Starts every write at once, a completion callback each, no backpressure: memory grows with the count and the
// pool's threads may overtake each other. The first error decides, once every write under way has called back.

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
        // The rest of a short write could only be appended out of place: it is an error here.
        if (!error && written < text.length) error = new Error(`short write of record ${number}`);
        failure ??= error;
        settle();
      });
    }
    counters.queuedAt = performance.now();
    // No callback has run yet: they wait for this loop to end.
    counters.writeCalls = count;
    counters.pendingPeakRecords = count;
    counters.pendingPeakBytes = pendingBytes;
  });
}
