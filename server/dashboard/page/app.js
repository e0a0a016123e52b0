// The composition: what is measured, what is drawn from it, and when.
import { announcer } from './announcer.js';
import { charts } from './charts.js';
import { now } from './clock.js';
import { clock_offset } from './clock_offset.js';
import { judge } from './connection.js';
import { data_path_view } from './data_path_view.js';
import { find, set_text } from './dom.js';
import { event_stream } from './event_stream.js';
import * as format from './format.js';
import { hello_log } from './hello_log.js';
import { hello_probe } from './hello_probe.js';
import { chart_specs } from './chart_specs.js';
import { run_desk } from './run_desk.js';
import { run_results } from './run_results.js';
import { run_view } from './run_view.js';
import { columns, sample_log } from './samples.js';
import { to_session } from './session.js';
import { share_view } from './share_view.js';
import { place, stall_card } from './stall_card.js';
import { stall_book } from './stalls.js';
import { data_plane_url, from_query, to_query } from './state.js';
import { status_view } from './status_view.js';
import { time_window } from './time_window.js';
import { window_view } from './window_view.js';

const frame_ms = 80;
const frame_with_reduced_motion_ms = 1000;
const worth_announcing_ms = 200;
const retry_ms = 1000;

const reduced_motion = matchMedia('(prefers-reduced-motion: reduce)');

// What was measured.
const state = from_query(location.search);
const hello = new hello_log();
const samples = new sample_log();
const stalls = new stall_book();
const offset = new clock_offset();
let info = null;

// What shows it.
const speaker = new announcer((text) => set_text(find('live'), text));
const window_ = new time_window(Number(state.window_s) * 1e3);
const results = new run_results();
const views = {
  status: new status_view(speaker),
  window: new window_view(window_, { now, on_change: change, cursor_time: () => plots.cursor_time() }),
  running: new run_view(),
  stall: new stall_card(),
  path: new data_path_view(),
};
const probe = new hello_probe(hello);
const data_url = () => (info ? data_plane_url(location, info.listen, state.data_port) : null);
const desk = new run_desk({ state, change, now, hello, samples, stalls, results, data_url, speaker,
  on_run: (method) => views.path.choose(method) });
const plots = new charts(chart_specs, {
  stalls: (from, to) => stalls.bands(from, to),
  runs: () => desk.runs(now()),
  on_choose: (from, to) => { window_.choose(from, to); views.window.draw(); },
});

/** A choice of the reader, which a link then carries. */
function change(key, value) {
  state[key] = value;
  history.replaceState(null, '', location.pathname + to_query(state));
}

async function read_info() {
  try {
    const found = await (await fetch('info', { cache: 'no-store' })).json();
    if (info && info.pid !== found.pid) stalls.clear();
    info = found;
  } catch {
    setTimeout(read_info, retry_ms);
    return;
  }
  probe.start(`${data_url()}/hello`);
  set_text(find('info'), `loopscope ${info.version}, process ${info.pid}, ${format.plural(info.config.io_threads, 'loop')}, ` +
    `a stall is ${format.ms(info.config.stall_threshold_ms)} or more. ${info.file_io?.stream?.reason ?? ''}`);
}

function add_sample(sample, received) {
  offset.note(sample.monotonic_ms, received);
  samples.add(sample, offset.to_browser(sample.monotonic_ms));
  const { began, ended } = stalls.note_sample(sample, (ms) => offset.to_browser(ms));
  for (const each of began) {
    if (each.duration_ms >= worth_announcing_ms || ended.length === 0)
      speaker.announce(`Loop ${each.loop} is blocked${each.culprit ? ` in ${each.culprit.function}, ${place(each.culprit)}` : ''}.`);
  }
  for (const each of ended) {
    if (now() - each.started_ms - each.duration_ms < 2000 && each.duration_ms >= worth_announcing_ms)
      speaker.announce(each.sentence ?? `Loop ${each.loop} was blocked for ${format.ms(each.duration_ms)}.`);
  }
}

const stream = new event_stream('events', { on_sample: add_sample, on_open: () => { offset.reset(); read_info(); } });

function judge_now(at, waiting) {
  const worst = samples.last?.loops.reduce((a, b) => (b.stalled_for_ms > a.stalled_for_ms ? b : a));
  return judge({ now: at, last_event: stream.last_event, stream_failed: stream.failed,
    stalled_ms: worst?.stalled_for_ms ?? 0, loop: worst?.name, threshold_ms: info?.config.stall_threshold_ms ?? Infinity,
    hello_ok: hello.last_ok, hello_failed: hello.last_failed, hello_waiting_ms: waiting.oldest_ms ?? 0,
    admin: location.host, data: data_url() ?? 'the data plane' });
}

function draw() {
  const at = now();
  const waiting = hello.waiting_now(at);
  const { from, to } = window_.range(at);
  views.status.draw(judge_now(at, waiting));
  set_text(find('hello_now'), waiting.oldest_ms > 200 ? `waiting ${format.ms(waiting.oldest_ms)}` : format.ms(hello.last_latency));
  views.window.draw();
  plots.draw((spec) => (spec.source === 'hello' ? hello.window(from, to, at, { breaks: true }) : samples.window(spec.columns, from, to)), from, to);
  views.stall.draw(stalls.shown(find('stall_choice').value), waiting);
  if (samples.last) {
    views.running.draw(samples.last.runs);
    views.path.draw({ running: samples.last.runs, buffer: samples.last.buffer, page_cache: samples.last.page_cache },
      (method) => results.latest(method));
  }
}

let last_frame = 0;
function frame(at) {
  requestAnimationFrame(frame);
  if (at - last_frame < (reduced_motion.matches ? frame_with_reduced_motion_ms : frame_ms)) return;
  last_frame = at;
  draw();
}

const theme = find('field_theme');
const apply_theme = () => { document.documentElement.dataset.theme = state.theme; plots.restyle(); };
theme.value = state.theme;
theme.addEventListener('input', () => { change('theme', theme.value); apply_theme(); });
find('field_window_s').value = state.window_s;
views.path.choose(state.method);
apply_theme();

new share_view({
  link: () => location.origin + location.pathname + to_query(state),
  session: () => to_session({ info, results: results.results, stalls: stalls.all(), hello,
    samples: { log: samples, names: columns.slice(1) }, now: now() }),
});
requestAnimationFrame(frame);

/** For tests: the page's own objects, to feed and to read. */
export const app = { hello, samples, stalls, results, desk, window: window_, stream, probe, add_sample, draw, now };
