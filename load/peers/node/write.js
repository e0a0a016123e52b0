// One write: into a .part file, which is renamed when complete and removed after a failure.

import fs from 'node:fs/promises';
import path from 'node:path';
import { checkContent, unchecked } from './content.js';
import { Measurement } from './measurement.js';
import { callback } from './methods/callback.js';
import { promise } from './methods/promise.js';
import { stream } from './methods/stream.js';
import { sync } from './methods/sync.js';

// Each takes ({ file, count, gone, counters }), where file is an open FileHandle. Its promise resolves when the kernel
// has every record.
const methods = { sync, promise, callback, stream };

export const methodNames = Object.keys(methods);
export const hasMethod = (name) => Object.hasOwn(methods, name);

let lastRunId = 0;

export async function writeFile({ method, count, verify, dataDir, gone }) {
  const target = path.join(dataDir, `${method}.txt`);
  const part = `${target}.${process.pid}.part`;
  try {
    const file = await fs.open(part, 'w');
    const counters = {
      queuedAt: null,
      writeCalls: null,
      pendingPeakRecords: 0,
      pendingPeakBytes: 0,
      drains: null,
      waitedMs: null,
      highWaterMark: null,
    };
    let measured;
    try {
      const measurement = await Measurement.start();
      await methods[method]({ file, count, gone, counters });
      measured = await measurement.finish(counters);
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
      ...measured,
      throughput: { records_per_s: count / seconds, bytes_per_s: size / seconds },
      page_cache: null,
      content,
    };
  } finally {
    await fs.rm(part, { force: true });
  }
}
