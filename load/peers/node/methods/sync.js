// SPDX-License-Identifier: MIT

// Calls writeSync for each record: nothing else runs on the loop until the last record.

import fs from 'node:fs';
import { performance } from 'node:perf_hooks';

import { record } from './record.js';

// One call of so many is timed, for the share of the time that is spent inside the calls. A prime, so that no pattern
// of the numbers is met always or never. Number 0 is not among them: the first call is the slow one.
const timedEvery = 61;
const firstTimed = 30;

function writeAllSync(fd, text, counters) {
  ++counters.writeCalls;
  let written = fs.writeSync(fd, text);
  if (written === text.length) return;
  for (const rest = Buffer.from(text); written < rest.length; ) {
    ++counters.writeCalls;
    written += fs.writeSync(fd, rest, written);
  }
}

/** The time of the same loop without the calls. The sum keeps the compiler from dropping it. */
function loopAloneMs(count) {
  const startedAt = performance.now();
  let bytes = 0;
  for (let number = 0; number < count; ++number) bytes += record(number).length;
  return bytes > 0 ? performance.now() - startedAt : null;
}

export async function sync({ file, count, counters }) {
  counters.pendingPeakRecords = 1;
  counters.pendingPeakBytes = record(count - 1).length;
  let timed = 0;
  let timedMs = 0;
  for (let number = 0; number < count; ++number) {
    if (number % timedEvery !== firstTimed) {
      writeAllSync(file.fd, record(number), counters);
      continue;
    }
    const text = record(number);
    const from = performance.now();
    writeAllSync(file.fd, text, counters);
    timedMs += performance.now() - from;
    ++timed;
  }
  counters.queuedAt = performance.now();
  counters.observeMemory();
  const callsMs = timed > 0 ? (timedMs / timed) * count : null;
  counters.afterwards = () => ({ loop_alone_ms: loopAloneMs(count), calls_ms: callsMs });
}
