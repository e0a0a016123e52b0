// SPDX-License-Identifier: MIT

import { Ring } from './ring.js';

export const columns = [
  'time',
  'lag_ms',
  'stalled_ms',
  'loop_cpu',
  'process_cpu',
  'resident_bytes',
  'outputs_dirty_bytes',
  'machine_dirty_bytes',
  'pending_bytes',
  'busy',
];

const periodMs = 100;
/** Without a sample for this long, the lines have a gap. */
const missingAfterMs = 2000;

const max = (values) => {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length > 0 ? Math.max(...known) : null;
};

/** A sample of /events as a row. With several loops, the worst one counts. */
export function toRow(sample, time) {
  const lagUs = max(sample.loops.map((loop) => loop.lag?.max_us));
  return [
    time,
    lagUs === null ? null : lagUs / 1e3,
    max(sample.loops.map((loop) => loop.stalled_for_ms)),
    max(sample.loops.map((loop) => loop.cpu_share)),
    sample.process.cpu_share,
    sample.process.resident_bytes,
    sample.page_cache?.outputs_dirty_bytes ?? null,
    sample.page_cache?.machine_dirty_bytes ?? null,
    sample.runs.reduce((sum, run) => sum + run.progress.pending_bytes, 0),
  ];
}

/** The last ten minutes of /events. */
export class SampleLog {
  constructor(capacity = 6000) {
    this.rows = new Ring(capacity, columns.length);
    this.last = null;
  }

  /** `busy`: of the busiest loop, from the loop log. */
  add(sample, time, busy = null) {
    const before = this.rows.count > 0 ? this.rows.get(this.rows.count - 1, 0) : -Infinity;
    if (before > -Infinity && time - before > missingAfterMs) this.rows.push(before + periodMs);
    // Rows stay ordered by time even if a new clock offset moves back.
    this.rows.push(...toRow(sample, Math.max(time, before)), busy);
    this.last = sample;
  }

  /** The named columns of a span, after the time column. */
  window(names, from, to) {
    const range = this.rows.range(from, to);
    return ['time', ...names].map((name) => this.rows.values(columns.indexOf(name), range));
  }
}
