// SPDX-License-Identifier: MIT

// Requests /hello on a thread of its own, so that the time to draw the page does not count as latency.
import { now } from './clock.js';
import { Schedule } from './schedule.js';

const periodMs = 50;
const unreachablePeriodMs = 1000;
const maxFailures = 5;
const timeoutMs = 120_000;

// A browser opens at most six connections to a host and port. The writes need two of them.
const requests = new Schedule({ period: periodMs, maxInFlight: 4, maxWaiting: 1200 });
let url = null;
let timer = null;
let failures = 0;
const aborts = new Map(); // AbortController by request id

async function send({ id }) {
  const abort = new AbortController();
  const { signal } = abort;
  const timeout = setTimeout(() => abort.abort(), timeoutMs);
  aborts.set(id, abort);
  let ok = false;
  try {
    const response = await fetch(url, { cache: 'no-store', credentials: 'omit', signal });
    ok = response.ok;
    await response.text();
  } catch {
    // Refused, reset or aborted: the request failed.
  }
  clearTimeout(timeout);
  aborts.delete(id);
  const ended = now();
  noteDue(ended); // first, because after a sleep this abandons the request itself
  if (requests.done(id)) {
    failures = ok ? 0 : failures + 1;
    requests.pace(failures < maxFailures ? periodMs : unreachablePeriodMs, ended);
    postMessage({ kind: 'done', id, ended, ok });
  }
  turn();
}

function noteDue(at) {
  const { gap, becameDue, abandoned } = requests.due(at);
  if (gap) postMessage({ kind: 'gap', ...gap });
  for (const { id, intended } of becameDue) postMessage({ kind: 'due', id, intended });
  for (const { id } of abandoned) {
    postMessage({ kind: 'abandoned', id });
    aborts.get(id)?.abort();
  }
}

function turn() {
  clearTimeout(timer);
  if (requests.nextDue === null) return;
  noteDue(now());
  for (const each of requests.takeSendable()) send(each);
  timer = setTimeout(turn, Math.max(0, requests.nextDue - now()));
}

function pause() {
  for (const { id } of requests.waiting) postMessage({ kind: 'abandoned', id });
  requests.stop();
  clearTimeout(timer);
}

addEventListener('message', ({ data }) => {
  pause();
  if (data.kind !== 'start') return;
  url = data.url;
  requests.maxInFlight = data.maxInFlight;
  const gap = requests.start(now());
  if (gap) postMessage({ kind: 'gap', ...gap });
  turn();
});
