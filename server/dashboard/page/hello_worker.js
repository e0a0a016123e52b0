// Asks /hello on a thread of its own, so that drawing the page does not count as latency.
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

const now = () => performance.timeOrigin + performance.now();

async function send({ id }) {
  const sent = now();
  let ok = false;
  try {
    const signal = AbortSignal.timeout(give_up_after_ms);
    const answer = await fetch(url, { cache: 'no-store', credentials: 'omit', signal });
    ok = answer.ok;
    await answer.text();
  } catch {
    // Refused, reset or given up: not answered.
  }
  const ended = now();
  requests.done(id);
  failures = ok ? 0 : failures + 1;
  requests.pace(failures < failures_until_unreachable ? period_ms : period_while_unreachable_ms, ended);
  postMessage({ kind: 'done', id, sent, ended, ok });
  turn();
}

function turn() {
  clearTimeout(timer);
  if (requests.next_due === null) return;
  const { became_due, given_up } = requests.due(now());
  for (const { id, intended } of became_due) postMessage({ kind: 'due', id, intended });
  for (const { id } of given_up) postMessage({ kind: 'given_up', id });
  for (const each of requests.take_sendable()) send(each);
  timer = setTimeout(turn, Math.max(0, requests.next_due - now()));
}

onmessage = ({ data }) => {
  if (data.kind === 'start') {
    url = data.url;
    requests.stop();
    requests.start(now());
    turn();
  } else {
    for (const { id } of requests.waiting) postMessage({ kind: 'given_up', id });
    requests.stop();
    clearTimeout(timer);
  }
};
