// SPDX-License-Identifier: MIT

import { summarize } from './percentile.js';
import { Ring } from './ring.js';

const [intended, latency, state] = [0, 1, 2];
const [waiting, answered, failed, abandoned, gap] = [0, 1, 2, 3, 4];

/**
 * The outcome of every /hello, ordered by the time at which it was due.
 *
 * Times are milliseconds since 1970 on the page's clock. Latency counts from the intended time.
 */
export class HelloLog {
  constructor(capacity = 12_000) {
    this.rows = new Ring(capacity, 3);
    this.lastOk = null;
    this.lastFailed = null;
    this.lastLatency = null;
  }

  due(id, when) {
    this.firstId ??= id;
    this.rows.push(when, NaN, waiting);
  }

  /** A row without a request: none was due for a while. */
  gap(id, from) {
    this.firstId ??= id;
    this.rows.push(from, NaN, gap);
  }

  done(id, ended, ok) {
    const row = id - this.firstId;
    if (!this.rows.holds(row)) return;
    this.rows.set(row, latency, ended - this.rows.get(row, intended));
    this.rows.set(row, state, ok ? answered : failed);
    if (ok) {
      this.lastOk = ended;
      this.lastLatency = this.rows.get(row, latency);
    } else {
      this.lastFailed = ended;
    }
  }

  abandoned(id) {
    this.rows.set(id - this.firstId, state, abandoned);
  }

  /**
   * Columns for a chart: intended times, then latency of the completed requests, age of the pending ones, and latency
   * of the failed ones. `breaks` adds a row of nulls for each gap, so that no line is drawn across it.
   */
  window(from, to, now, { breaks = false } = {}) {
    const range = this.rows.range(from, to);
    const columns = [[], [], [], []];
    for (let row = range[0]; row < range[1]; ++row) {
      const what = this.rows.get(row, state);
      if (what === abandoned || (what === gap && !breaks)) continue;
      const at = this.rows.get(row, intended);
      columns[0].push(at);
      columns[1].push(what === answered ? this.rows.get(row, latency) : null);
      columns[2].push(what === waiting ? Math.max(0, now - at) : null);
      columns[3].push(what === failed ? this.rows.get(row, latency) : null);
    }
    return columns;
  }

  /** The number of pending requests and the age of the oldest. */
  waitingNow(now) {
    let count = 0;
    let oldestMs = null;
    for (let row = this.rows.count - 1; row >= this.rows.oldest(); --row) {
      if (this.rows.get(row, state) !== waiting) {
        if (now - this.rows.get(row, intended) > 130_000) break;
        continue;
      }
      ++count;
      oldestMs = now - this.rows.get(row, intended);
    }
    return { count, oldestMs };
  }

  /** p50, p99 and maximum of the requests due in the given spans. A pending request counts with its current age. */
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
    return { ...summarize(values), unanswered };
  }
}
