// Asks /hello on a thread of its own, so that drawing the page does not count as latency.
import { now } from './clock.js';
import { schedule } from './schedule.js';

const period_ms = 50;
const period_while_unreachable_ms = 1000;
const failures_until_unreachable = 5;
const give_up_after_ms = 120_000;

// A browser opens six connections to a host; the writes need some.
const requests = new schedule({ period: period_ms, max_in_flight: 4, max_waiting: 1200 });
let url = null;
let timer = null;
let failures = 0;
const under_way = new Map(); // what ends a request, by id

async function send({ id }) {
  const sent = now();
  const abort = new AbortController();
  const { signal } = abort;
  const patience = setTimeout(() => abort.abort(), give_up_after_ms);
  under_way.set(id, abort);
  let ok = false;
  try {
    const answer = await fetch(url, { cache: 'no-store', credentials: 'omit', signal });
    ok = answer.ok;
    await answer.text();
  } catch {
    // Refused, reset or given up: not answered.
  }
  clearTimeout(patience);
  under_way.delete(id);
  const ended = now();
  note_due(ended);  // first: after a sleep it gives this one up
  if (requests.done(id)) {
    failures = ok ? 0 : failures + 1;
    requests.pace(failures < failures_until_unreachable ? period_ms : period_while_unreachable_ms, ended);
    postMessage({ kind: 'done', id, sent, ended, ok });
  }
  turn();
}

function note_due(at) {
  const { gap, became_due, given_up } = requests.due(at);
  if (gap) postMessage({ kind: 'gap', ...gap });
  for (const { id, intended } of became_due) postMessage({ kind: 'due', id, intended });
  for (const { id } of given_up) {
    postMessage({ kind: 'given_up', id });
    under_way.get(id)?.abort();
  }
}

function turn() {
  clearTimeout(timer);
  if (requests.next_due === null) return;
  note_due(now());
  for (const each of requests.take_sendable()) send(each);
  timer = setTimeout(turn, Math.max(0, requests.next_due - now()));
}

function pause() {
  for (const { id } of requests.waiting) postMessage({ kind: 'given_up', id });
  requests.stop();
  clearTimeout(timer);
}

onmessage = ({ data }) => {
  pause();
  if (data.kind !== 'start') return;
  url = data.url;
  const gap = requests.start(now());
  if (gap) postMessage({ kind: 'gap', ...gap });
  turn();
};
