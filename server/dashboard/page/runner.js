import { median } from './percentile.js';
import { write_query } from './state.js';

const repeat_for_ms = 3000;
const greatest_repeats = 400;

/** A write that was refused or failed: the message is the service's own. */
export class write_failed extends Error {}

async function write_once(base, query, signal) {
  let answer;
  try {
    // POST, because a browser may send a GET twice.
    answer = await fetch(`${base}/write?${query}`, { method: 'POST', cache: 'no-store', credentials: 'omit', signal });
  } catch (error) {
    if (signal.aborted) throw new write_failed('stopped');
    throw new write_failed(`no answer from ${base}: ${error.message}`);
  }
  const body = await answer.json();
  if (!answer.ok) throw new write_failed(body.detail ?? `HTTP ${answer.status}`);
  return body;
}

/**
 * Runs a method once, or again and again for three seconds: short writes leave /hello too little time to suffer.
 * Resolves to { method, query, reports, windows, from, to }, times on the browser's clock.
 */
export async function run_writes(base, method, state, signal, now) {
  const query = write_query(method, state);
  const reports = [];
  const windows = [];
  const from = now();
  do {
    const begin = now();
    reports.push(await write_once(base, query, signal));
    windows.push({ from: begin, to: now() });
  } while (state.repeat === '3s' && now() - from < repeat_for_ms && reports.length < greatest_repeats);
  return { method, query, reports, windows, from, to: now() };
}

const greatest = (values) => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? Math.max(...known) : null;
};

const all_or_unknown = (values) => (values.some((value) => value === null) ? null : values.every(Boolean));

/** A row of results: time and drains are the median of the reports, memory and the stall the greatest. */
export function to_result({ method, query, reports, windows, from, to }, hello, evidence) {
  const drains = reports.map((report) => report.backpressure.drains).filter((value) => value !== null);
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
    durable_ms: greatest(reports.map((report) => report.timing_ms.durable)),
    peak_bytes: greatest(reports.map((report) => report.memory.rss_peak_bytes)),
    in_order: all_or_unknown(reports.map((report) => report.content.in_order)),
    complete: all_or_unknown(reports.map((report) => report.content.complete)),
    out_of_order_records: greatest(reports.map((report) => report.content.out_of_order_records)),
    drains: drains.length > 0 ? median(drains) : null,
    stalls: reports.reduce((sum, report) => sum + report.loop.stalls, 0),
    longest_stall_ms: greatest(reports.map((report) => report.loop.longest_stall_ms)),
    hello,
    evidence,
    report: reports.at(-1),
  };
}
