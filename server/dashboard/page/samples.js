import { ring } from './ring.js';

export const columns = ['time', 'lag_ms', 'stalled_ms', 'loop_cpu', 'process_cpu', 'resident_bytes',
  'outputs_dirty_bytes', 'machine_dirty_bytes', 'pending_bytes'];

const period_ms = 100;
/** Longer without a sample, and the lines have a gap there. */
const missing_after_ms = 2000;

const greatest = (values) => {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length > 0 ? Math.max(...known) : null;
};

/** A sample of /events as a row. Of several loops, the worst. */
export function to_row(sample, time) {
  const lag_us = greatest(sample.loops.map((loop) => loop.lag?.max_us));
  return [
    time,
    lag_us === null ? null : lag_us / 1e3,
    greatest(sample.loops.map((loop) => loop.stalled_for_ms)),
    greatest(sample.loops.map((loop) => loop.cpu_share)),
    sample.process.cpu_share,
    sample.process.resident_bytes,
    sample.page_cache.outputs_dirty_bytes,
    sample.page_cache.machine_dirty_bytes,
    sample.runs.reduce((sum, run) => sum + run.progress.pending_bytes, 0),
  ];
}

/** The last ten minutes of /events. */
export class sample_log {
  constructor(capacity = 6000) {
    this.rows = new ring(capacity, columns.length);
    this.last = null;
  }

  add(sample, time) {
    const before = this.rows.count > 0 ? this.rows.get(this.rows.count - 1, 0) : -Infinity;
    if (before > -Infinity && time - before > missing_after_ms) this.rows.push(before + period_ms);
    // Rows are in the order of their time, also where the clocks were found to have moved apart.
    this.rows.push(...to_row(sample, Math.max(time, before)));
    this.last = sample;
  }

  /** The named columns of a span, the time first. */
  window(names, from, to) {
    const range = this.rows.range(from, to);
    return ['time', ...names].map((name) => this.rows.values(columns.indexOf(name), range));
  }
}
