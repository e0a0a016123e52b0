// SPDX-License-Identifier: MIT

// A Writable: false from write() means wait for drain. highWaterMark null is the default of this version of Node.js:
// 16 KiB before version 22, 64 KiB since.

import { once } from 'node:events';
import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';

import { record } from './record.js';

const tracedDrains = 4;
const readingsPerCycle = 16;
const typicalRecordBytes = 8;

/** How many bytes wait in the stream, from the middle of the write, when its code is compiled, for a few drains. */
class BufferTrace {
  constructor(output) {
    this.output = output;
    this.found = { at_us: [], bytes: [], drains_at_us: [] };
    this.startedAt = null;
  }

  get running() {
    return this.startedAt !== null && this.found.drains_at_us.length < tracedDrains;
  }

  start() {
    this.startedAt = performance.now();
    this.read();
  }

  read() {
    if (!this.running) return;
    this.found.at_us.push((performance.now() - this.startedAt) * 1000);
    this.found.bytes.push(this.output.writableLength);
  }

  drained() {
    this.read();
    if (this.running) this.found.drains_at_us.push(this.found.at_us.at(-1));
  }
}

/**
 * The file system as a stream calls it, which counts the calls and how many of them are under way at once. `onDone` is
 * called when the stream knows that a call has ended.
 */
function counted(counters, onDone) {
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
        onDone();
      });
    };
  return { open: fs.open, close: fs.close, write: wrap(fs.write), writev: wrap(fs.writev) };
}

export async function stream({ file, count, gone, counters, highWaterMark }) {
  // The stream has the descriptor's number: a stream on the FileHandle itself would keep it open.
  counters.writeCalls = 0;
  let trace = null;
  const options = {
    fd: file.fd,
    autoClose: false,
    fs: counted(counters, () => trace?.read()),
    ...(highWaterMark === null ? {} : { highWaterMark }),
  };
  const output = fs.createWriteStream('', options);
  const done = finished(output);
  done.catch(() => {}); // awaited below; an error before that also rejects once()
  counters.highWaterMark = output.writableHighWaterMark;
  counters.drains = 0;
  counters.waitedMs = 0;
  counters.pendingPeakRecords = 0;
  trace = new BufferTrace(output);
  counters.buffer = trace.found;
  const middle = Math.floor(count / 2);
  const readEvery = Math.ceil(output.writableHighWaterMark / typicalRecordBytes / readingsPerCycle);
  let waitingFrom = 0;
  for (let number = 0; number < count; ++number) {
    const goesOn = output.write(record(number));
    if (number === middle) trace.start();
    if (number % readEvery === 0) trace.read();
    if (goesOn) continue;
    trace.read();
    counters.phases.end('filling');
    counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
    counters.pendingPeakRecords = Math.max(counters.pendingPeakRecords, number + 1 - waitingFrom);
    counters.observeMemory();
    const waitingSince = performance.now();
    // Also if the client is gone: the chunk in flight uses this descriptor, which must stay open.
    await once(output, 'drain');
    trace.drained();
    counters.phases.end('waiting');
    gone.throwIfAborted();
    counters.waitedMs += performance.now() - waitingSince;
    ++counters.drains;
    waitingFrom = number + 1;
  }
  counters.pendingPeakBytes = Math.max(counters.pendingPeakBytes, output.writableLength);
  counters.pendingPeakRecords = Math.max(counters.pendingPeakRecords, count - waitingFrom);
  counters.phases.end('filling');
  output.end();
  counters.queuedAt = performance.now();
  await done;
  counters.phases.end('waiting');
}
