// A session as the document that load/report's page draws: loopscope-compare-1, whose schema is beside that page.
import { claims } from './claims.js';
import * as format from './format.js';
import { names } from './methods.js';
import { median, quantile } from './percentile.js';

const rate_per_s = 20;
const enough_for_p99_9 = 1000;
const points_per_decade = 10;

const us = (ms) => (ms === null || ms === undefined ? null : Math.round(ms * 1e4) / 10);

function latency(sorted_ms, unanswered) {
  const at = (q) => us(quantile(sorted_ms, q));
  return { requests: sorted_ms.length, unanswered, p50_us: at(0.5), p90_us: at(0.9), p99_us: at(0.99),
    p99_9_us: sorted_ms.length >= enough_for_p99_9 ? at(0.999) : null, max_us: at(1) };
}

/** Latency over 1 / (1 - share), up to where one request is left. */
function curve(sorted_ms) {
  const out = { x: [], us: [] };
  for (let step = 0; 10 ** (step / points_per_decade) < sorted_ms.length; ++step) {
    const x = 10 ** (step / points_per_decade);
    out.x.push(x);
    out.us.push(us(quantile(sorted_ms, 1 - 1 / x)));
  }
  if (sorted_ms.length > 0) {
    out.x.push(sorted_ms.length);
    out.us.push(us(sorted_ms.at(-1)));
  }
  return out;
}

function to_repeat(result) {
  const { evidence, report } = result;
  const windows_ms = result.windows.map(({ from, to }) => [from - evidence.started_unix_ms, to - evidence.started_unix_ms]);
  const [first, last] = [windows_ms[0][0], windows_ms.at(-1)[1]];
  const due = (from, to) => Float64Array.from(
    evidence.took_ms.filter((_, i) => evidence.due_ms[i] >= from && evidence.due_ms[i] <= to)).sort();
  const unanswered = (from, to) => evidence.unanswered_due_ms.filter((at) => at >= from && at <= to).length;
  const during = due(first, last);
  return {
    started_unix_ms: evidence.started_unix_ms,
    idle: latency(due(0, first - 1e-3), unanswered(0, first - 1e-3)),
    during: latency(during, unanswered(first, last)),
    probe: { requests: { answered: evidence.due_ms.length }, lateness_us: null, probe_was_bottleneck: null, connections: null },
    write: { writes: result.runs, io: result.io, io_reason: report.io_reason, bytes: report.bytes, time_ms: result.time_ms,
      queued_ms: report.timing_ms.queued, peak_bytes: result.peak_bytes,
      pending_peak_bytes: report.memory.pending_peak_bytes,
      cpu_share: (report.cpu.process_user_ms + report.cpu.process_system_ms) / report.timing_ms.completed,
      write_calls: report.syscalls.write, drains: result.drains, stalls: result.stalls,
      longest_stall_ms: result.longest_stall_ms,
      lag_max_us: report.loop.lag_max_us, dirty_bytes: report.page_cache.dirty_bytes, complete: result.complete,
      in_order: result.in_order, out_of_order_records: result.out_of_order_records },
    windows_ms,
    stalls: evidence.stalls.map((stall) => ({ started_ms: stall.started_ms, duration_ms: stall.duration_ms,
      verdict: stall.verdict, culprit: stall.culprit, request: stall.request, sentence: stall.sentence, delayed_requests: null })),
    samples: evidence.samples,
    points: { answered: evidence.due_ms.length, at_ms: evidence.due_ms, latency_us: evidence.took_ms.map(us) },
    open_loop_curve: curve(during),
    wrk: null,
  };
}

function spread(values) {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length > 0 ? { median: median(known), min: Math.min(...known), max: Math.max(...known) } : null;
}

/** `stalls`: the median of the repeats' numbers of stalls; `stall_ms` is null without any. */
function verdict(stalls, stall_ms, time_ms) {
  if (stalls === 0) return { loop: 'free', from: 'stall', stall_ms: null };
  return { loop: stall_ms > 0.5 * time_ms ? 'BLOCKED' : 'stressed', from: 'stall', stall_ms };
}

/** The greatest of what was measured. */
function greatest(values) {
  return spread(values)?.max ?? null;
}

const agreed = (values) => (values.includes(false) ? false : values.includes(true) ? true : null);

function to_summary(repeats, count) {
  const of = (part, key) => spread(repeats.map((repeat) => repeat[part][key]));
  const [{ write }] = repeats;
  const time_ms = of('write', 'time_ms');
  const stalls = of('write', 'stalls');
  const longest_stall_ms = of('write', 'longest_stall_ms');
  const hello = {};
  for (const key of ['p50_us', 'p99_us', 'p99_9_us', 'max_us']) {
    hello[`hello_${key}`] = of('during', key);
    hello[`idle_${key}`] = of('idle', key);
  }
  const by_time = repeats.map((_, i) => i).sort((a, b) => repeats[a].write.time_ms - repeats[b].write.time_ms);
  return { repeats: repeats.length, hello_unanswered: repeats.reduce((sum, repeat) => sum + repeat.during.unanswered, 0), writes: repeats.reduce((sum, repeat) => sum + repeat.write.writes, 0), count,
    io: write.io, bytes: write.bytes, write_calls: write.write_calls, drains: write.drains, dirty_bytes: write.dirty_bytes,
    complete: agreed(repeats.map((repeat) => repeat.write.complete)), in_order: agreed(repeats.map((repeat) => repeat.write.in_order)),
    out_of_order_records: greatest(repeats.map((repeat) => repeat.write.out_of_order_records)), stalls,
    verdict: verdict(stalls.median, longest_stall_ms?.median ?? null, time_ms.median), shown_repeat: by_time[(by_time.length - 1) >> 1],
    time_ms, queued_ms: of('write', 'queued_ms'), peak_bytes: of('write', 'peak_bytes'), cpu_share: of('write', 'cpu_share'),
    longest_stall_ms, lag_max_us: of('write', 'lag_max_us'), ...hello };
}

function to_entry(method, results) {
  // Runs of different counts are not repeats of each other: the newest count stands.
  const same = results.filter((each) => each.count === results[0].count).reverse();
  const repeats = same.map(to_repeat);
  return { system: 'loopscope', method, count: results[0].count, cut_from: null, outcome: 'measured', reason: null,
    repeats, summary: to_summary(repeats, results[0].count) };
}

function claim_rows(entries) {
  return entries.filter(({ method, count }) => claims[method] && count === 1_000_000).flatMap(({ method, summary }) => {
    const row = (figure, claim, says) => ({ method, figure, claim, measured: { loopscope: { says, relation: null } } });
    const max_us = summary.hello_max_us?.median;
    return [row('time', claims[method].time, format.ms(summary.time_ms.median)),
      row('peak memory', claims[method].memory, format.bytes(summary.peak_bytes?.median)),
      row('/hello during the write, slowest', claims[method].hello, format.ms(max_us === undefined ? null : max_us / 1e3)),
      row('loop', claims[method].loop, summary.verdict.loop ?? 'not measured')];
  });
}

function sentence({ method, summary }) {
  const worst = summary.hello_max_us ? `the slowest /hello took ${format.ms(summary.hello_max_us.median / 1e3)}` : 'no /hello was due meanwhile';
  return `${method}: ${format.ms(summary.time_ms.median)}; loop ${summary.verdict.loop ?? 'not measured'}; ${worst}.`;
}

export function to_report_document({ info, results, made }) {
  const entries = names.filter((name) => results.some(({ method }) => method === name))
    .map((name) => to_entry(name, results.filter(({ method }) => method === name)));
  return {
    schema: 'loopscope-compare-1',
    started: new Date(Math.min(...results.map(({ from }) => from))).toISOString(),
    finished: made,
    machine: { cpu: null, cores: info.machine.cores, kernel: info.machine.kernel, file_system: null, load_average_1m: null,
      commit: null, uncommitted_changes: null },
    settings: { count: entries[0].count, methods: entries.map(({ method }) => method),
      repeats: Math.max(...entries.map(({ repeats }) => repeats.length)), quick: false, rate_per_s, io: 'auto', peer: null,
      idle_s: 3, window_s: 3 },
    systems: { loopscope: { version: info.version } },
    entries,
    claims: claim_rows(entries),
    other_claims: [],
    finding: entries.map(sentence),
    caveats: ['Measured by a browser through the dashboard: its own delays are in every latency.',
      'Memory is of a process that had made earlier writes.'],
  };
}

/** The report's page with the document in it. */
export function fill(template, document) {
  // "</script>" or "<!--" inside a string would end the element early.
  const text = JSON.stringify(document).replaceAll('<', '\\u003c');
  return template.replace('<!-- results -->', () => text);
}
