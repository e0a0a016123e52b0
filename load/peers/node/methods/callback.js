// SPDX-License-Identifier: MIT

// Starts every write at once with a callback each and no backpressure: memory grows with the count, and the threads of
// the pool may change the order. The first error is reported after every started write has called back.
//
// The three methods differ in what a record is when fs.write() gets it:
//   callback         a string, which Node.js encodes into a buffer of its own
//   callback-buffer  a Buffer, which Node.js passes on
//   callback-copies  a Buffer that is made, decoded into a string again, and encoded once more by Node.js

import fs from 'node:fs';
import { performance } from 'node:perf_hooks';

import { record } from './record.js';

const asText = (number) => record(number);
const asBuffer = (number) => Buffer.from(record(number), 'utf-8');
const asCopies = (number) => `${asBuffer(number)}`;

const writeAtOnce =
  (make) =>
  ({ file, count, counters }) =>
    new Promise((resolve, reject) => {
      let left = count;
      let failure = null;
      let pendingBytes = 0;

      const settle = () => {
        if (--left > 0) return;
        counters.phases.end('writing');
        if (failure) reject(failure);
        else resolve();
      };
      for (let number = 0; number < count; ++number) {
        const data = make(number);
        const { length } = data;
        pendingBytes += length;
        fs.write(file.fd, data, (error, written) => {
          // The rest of a short write could only be appended in the wrong place, so a short write is an error here.
          if (!error && written < length) error = new Error(`short write of record ${number}`);
          failure ??= error;
          settle();
        });
      }
      counters.queuedAt = performance.now();
      counters.phases.end('queueing');
      // No callback has run yet: they wait for the end of this loop.
      counters.observeMemory();
      counters.writeCalls = count;
      counters.pendingPeakRecords = count;
      counters.pendingPeakBytes = pendingBytes;
    });

export const callback = writeAtOnce(asText);
export const callbackBuffer = writeAtOnce(asBuffer);
export const callbackCopies = writeAtOnce(asCopies);
