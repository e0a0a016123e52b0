// SPDX-License-Identifier: MIT

// One write: into a .part file, which is renamed when complete and removed after a failure.

import { close, open } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { checkContent, unchecked } from './content.js';
import { Measurement } from './measurement.js';
import { callback, callbackBuffer, callbackCopies } from './methods/callback.js';
import { promise } from './methods/promise.js';
import { stream } from './methods/stream.js';
import { sync } from './methods/sync.js';

// Each takes ({ file, count, gone, counters, highWaterMark }), where file is an open FileHandle. Its promise resolves
// when the kernel has every record. `copies` are those of a record's bytes after its text was made: encoding, decoding,
// encoding again, and the kernel's into the page cache.
const methods = {
  sync: { run: sync, copies: 2 },
  promise: { run: promise, copies: 2 },
  callback: { run: callback, copies: 2, hasLongPhases: true },
  stream: { run: stream, copies: 2 },
  'callback-buffer': { run: callbackBuffer, copies: 2, hasLongPhases: true },
  'callback-copies': { run: callbackCopies, copies: 4, hasLongPhases: true },
};

export const methodNames = Object.keys(methods);
export const hasMethod = (name) => Object.hasOwn(methods, name);

let lastRunId = 0;

// What a timer measures that stops right behind the call that opens a file, as two of the articles' programs do.
function timeOfOpening(file) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    open(file, 'r', (error, fd) => {
      if (error) reject(error);
      else close(fd, () => resolve(openingMs));
    });
    const openingMs = performance.now() - startedAt;
  });
}

export async function writeFile({ method, count, verify, durable, highWaterMark, dataDir, gone }) {
  const target = path.join(dataDir, `${method}.txt`);
  const part = `${target}.${process.pid}.part`;
  try {
    const file = await fs.open(part, 'w');
    let measured;
    try {
      const openingMs = await timeOfOpening(part);
      const measurement = await Measurement.start(methods[method].hasLongPhases ?? false);
      const counters = {
        queuedAt: null,
        writeCalls: 0,
        writesAtOnce: null,
        pendingPeakRecords: 0,
        pendingPeakBytes: 0,
        drains: null,
        waitedMs: null,
        highWaterMark: null,
        afterwards: null,
        buffer: null,
        phases: measurement.phases,
        observeMemory: () => measurement.observeMemory(),
      };
      await methods[method].run({ file, count, gone, counters, highWaterMark });
      measured = await measurement.finish(counters);
      measured.node.opening_ms = openingMs;
      if (durable) {
        const syncedFrom = performance.now();
        await file.datasync();
        measured.timing_ms.durable = measured.timing_ms.completed + performance.now() - syncedFrom;
        measured.syscalls.fsync = 1;
      }
    } finally {
      await file.close();
    }
    const { size } = await fs.stat(part);
    const content = verify ? await checkContent(part, count) : unchecked;
    await fs.rename(part, target);
    const seconds = measured.timing_ms.completed / 1000;
    return {
      run_id: ++lastRunId,
      method,
      io: method === 'sync' ? null : 'libuv',
      io_reason: method === 'sync' ? null : "libuv's thread pool, as Node.js comes",
      count,
      bytes: size,
      file: target,
      copies_per_record: methods[method].copies,
      ...measured,
      throughput: { records_per_s: count / seconds, bytes_per_s: size / seconds },
      page_cache: null,
      content,
    };
  } finally {
    await fs.rm(part, { force: true });
  }
}
