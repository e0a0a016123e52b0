// SPDX-License-Identifier: MIT

const beforeMs = 3000;
const afterMs = 500;

/**
 * The measurements around a run: every /hello, the samples and the stalls, from three seconds before it. They are kept
 * with the result because the logs are bounded. Times are milliseconds from `started_unix_ms`.
 */
export function gather({ from, to }, { hello, samples, stalls, now }) {
  const start = from - beforeMs;
  const end = to + afterMs;
  const [due, took] = hello.window(start, end, now);
  const requests = due.map((at, i) => [at - start, took[i]]);
  const answered = requests.filter(([, ms]) => ms !== null);
  const [times, resident, cpu, lag, dirty] = samples.window(
    ['resident_bytes', 'process_cpu', 'lag_ms', 'outputs_dirty_bytes'],
    start,
    end,
  );
  return {
    started_unix_ms: start,
    due_ms: answered.map(([at]) => at),
    took_ms: answered.map(([, ms]) => ms),
    unanswered_due_ms: requests.filter(([, ms]) => ms === null).map(([at]) => at),
    samples: {
      at_ms: times.map((at) => at - start),
      resident_bytes: resident,
      cpu_share: cpu,
      lag_max_us: lag.map((ms) => (ms === null ? null : ms * 1e3)),
      dirty_bytes: dirty,
    },
    stalls: stalls
      .all()
      .filter((stall) => stall.started_ms <= end && stall.started_ms + stall.duration_ms >= start)
      .map(({ started_ms, ...stall }) => ({ ...stall, started_ms: started_ms - start })),
  };
}
