// SPDX-License-Identifier: MIT

import { median } from '../measure/percentile.js';

const repeatForMs = 3000;
const maxRepeats = 400;

/** A write without a report: the service refused it (the message is the service's own), or the reader stopped it. */
export class WriteFailed extends Error {
  constructor(message, { stopped = false } = {}) {
    super(message);
    this.stopped = stopped;
  }
}

/** The query of one /write: only the parameters that this method has and that differ from its defaults. */
export function writeQuery({ name, backEnds, defaults }, state) {
  const query = new URLSearchParams({ method: name, count: state.count, verify: state.verify });
  const differs = (key) => (defaults[key] ?? null) !== null && String(defaults[key]) !== state[key];
  if (differs('durability')) query.set('durability', state.durability);
  if (differs('io') && backEnds.includes(state.io)) query.set('io', state.io);
  if (differs('high_water_mark')) query.set('high_water_mark', state.high_water_mark);
  if (differs('slice_us')) query.set('slice_us', state.slice_us);
  return query.toString();
}

async function writeOnce(base, query, signal) {
  let response;
  try {
    // POST, because a browser may send a GET twice.
    response = await fetch(`${base}/write?${query}`, {
      method: 'POST',
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw new WriteFailed('stopped', { stopped: true });
    throw new WriteFailed(`no response from ${base}: ${error.message}`);
  }
  const body = await response.json();
  if (!response.ok) throw new WriteFailed(body.detail ?? `HTTP ${response.status}`);
  return body;
}

/**
 * Runs a method once, or repeatedly for three seconds: during a short write too few /hello are due.
 * Resolves to { method, query, reports, windows, from, to }, times on the page's clock.
 */
export async function runWrites(base, method, state, signal, now) {
  const query = writeQuery(method, state);
  const reports = [];
  const windows = [];
  const from = now();
  do {
    const begin = now();
    reports.push(await writeOnce(base, query, signal));
    windows.push({ from: begin, to: now() });
  } while (state.repeat === '3s' && now() - from < repeatForMs && reports.length < maxRepeats);
  return { method: method.name, query, reports, windows, from, to: now() };
}

const known = (values) => values.filter((value) => value !== null);
const max = (values) => (known(values).length > 0 ? Math.max(...known(values)) : null);
const allOrUnknown = (values) => (values.includes(null) ? null : values.every(Boolean));

/** A row of results. Time and drains are medians over the reports, memory and the stall are maxima. */
export function toResult({ method, query, reports, windows, from, to }, hello, evidence) {
  return {
    method,
    query,
    from,
    to,
    windows,
    runs: reports.length,
    count: reports[0].count,
    io: reports[0].io,
    time_ms: median(reports.map((report) => report.timing_ms.completed)),
    durable_ms: max(reports.map((report) => report.timing_ms.durable)),
    peak_bytes: max(reports.map((report) => report.memory.rss_peak_bytes)),
    in_order: allOrUnknown(reports.map((report) => report.content.in_order)),
    complete: allOrUnknown(reports.map((report) => report.content.complete)),
    out_of_order_records: max(reports.map((report) => report.content.out_of_order_records)),
    drains: median(known(reports.map((report) => report.backpressure.drains))),
    stalls: reports.reduce((sum, report) => sum + report.loop.stalls, 0),
    longest_stall_ms: max(reports.map((report) => report.loop.longest_stall_ms)),
    hello,
    evidence,
    report: reports.at(-1),
  };
}
