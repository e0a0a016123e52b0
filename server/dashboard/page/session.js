import { to_wall } from './clock.js';

/** Everything that this page has measured, as one JSON value. What was not measured is null. */
export function to_session({ info, results, stalls, hello, samples, now }) {
  const everything = [-Infinity, Infinity];
  return {
    format: 'loopscope-dashboard-session',
    version: 1,
    made: new Date(to_wall(now)).toISOString(),
    measured_by: navigator.userAgent,
    clocks: 'Times are milliseconds since 1970 on the browser\'s clock; latency counts from the intended time.',
    service: info,
    results,
    stalls,
    hello: columns(['intended_ms', 'answered_after_ms', 'waiting_for_ms', 'failed_after_ms'], hello.window(...everything, now)),
    samples: columns(['time_ms', ...samples.names], samples.log.window(samples.names, ...everything)),
  };
}

function columns(names, values) {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** Hands a text to the browser as a file. */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
