import { ring } from './ring.js';
import { summarise } from './percentile.js';

const [intended, latency, state] = [0, 1, 2];
const [waiting, answered, failed, given_up, gap] = [0, 1, 2, 3, 4];

/**
 * What became of every /hello that was due, in the order in which they were due.
 *
 * Times are milliseconds since 1970 on the page's clock; latency counts from the intended time.
 */
export class hello_log {
  constructor(capacity = 12_000) {
    this.rows = new ring(capacity, 3);
    this.last_ok = null;
    this.last_failed = null;
    this.last_latency = null;
  }

  due(id, when) {
    this.first_id ??= id;
    this.rows.push(when, NaN, waiting);
  }

  /** Nothing was asked for a while: one row, for which no request stands. */
  gap(id, from) {
    this.first_id ??= id;
    this.rows.push(from, NaN, gap);
  }

  done(id, sent, ended, ok) {
    const row = id - this.first_id;
    if (!this.rows.holds(row)) return;
    this.rows.set(row, latency, ended - this.rows.get(row, intended));
    this.rows.set(row, state, ok ? answered : failed);
    if (ok) {
      this.last_ok = ended;
      this.last_latency = this.rows.get(row, latency);
    } else {
      this.last_failed = ended;
    }
  }

  given_up(id) {
    this.rows.set(id - this.first_id, state, given_up);
  }

  /**
   * Columns for a chart: intended times, latency of the answered, age of those still waiting, and the failed. With
   * `breaks`, a row of nulls where nothing was asked, so that no line is drawn over it.
   */
  window(from, to, now, { breaks = false } = {}) {
    const range = this.rows.range(from, to);
    const columns = [[], [], [], []];
    for (let row = range[0]; row < range[1]; ++row) {
      const what = this.rows.get(row, state);
      if (what === given_up || (what === gap && !breaks)) continue;
      const at = this.rows.get(row, intended);
      columns[0].push(at);
      columns[1].push(what === answered ? this.rows.get(row, latency) : null);
      columns[2].push(what === waiting ? Math.max(0, now - at) : null);
      columns[3].push(what === failed ? this.rows.get(row, latency) : null);
    }
    return columns;
  }

  /** Those that wait, and for how long the oldest has. */
  waiting_now(now) {
    let count = 0;
    let oldest_ms = null;
    for (let row = this.rows.count - 1; row >= this.rows.oldest(); --row) {
      if (this.rows.get(row, state) !== waiting) {
        if (now - this.rows.get(row, intended) > 130_000) break;
        continue;
      }
      ++count;
      oldest_ms = now - this.rows.get(row, intended);
    }
    return { count, oldest_ms };
  }

  /** p50, p99 and maximum of those due in the given spans; one that still waits counts with its age so far. */
  figures(spans, now) {
    const values = [];
    let unanswered = 0;
    for (const { from, to } of spans) {
      const [, ok, pending, lost] = this.window(from, to, now);
      for (let i = 0; i < ok.length; ++i) {
        const value = ok[i] ?? pending[i];
        if (value !== null) values.push(value);
        if (lost[i] !== null) ++unanswered;
      }
    }
    return { ...summarise(values), unanswered };
  }
}
