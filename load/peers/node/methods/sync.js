// Calls writeSync for each record: nothing else runs on the loop until the last record.

import fs from 'node:fs';
import { performance } from 'node:perf_hooks';

import { record } from './record.js';

function writeAllSync(fd, text, counters) {
  ++counters.writeCalls;
  let written = fs.writeSync(fd, text);
  if (written === text.length) return;
  for (const rest = Buffer.from(text); written < rest.length; ) {
    ++counters.writeCalls;
    written += fs.writeSync(fd, rest, written);
  }
}

export async function sync({ file, count, counters }) {
  counters.pendingPeakRecords = 1;
  counters.pendingPeakBytes = record(count - 1).length;
  for (let number = 0; number < count; ++number) writeAllSync(file.fd, record(number), counters);
  counters.queuedAt = performance.now();
}
