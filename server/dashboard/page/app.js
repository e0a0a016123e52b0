// SPDX-License-Identifier: MIT

// Composes the page: the measurements, their views, and when they are drawn.
import { Announcer } from './draw/announcer.js';
import { chartSpecs } from './draw/chart-specs.js';
import { Charts } from './draw/charts.js';
import { DataPathView } from './draw/data-path-view.js';
import { find, setText } from './draw/dom.js';
import * as format from './draw/format.js';
import { LoopsView } from './draw/loops-view.js';
import { place, StallCard } from './draw/stall-card.js';
import { StallList } from './draw/stall-list.js';
import { StatusView } from './draw/status-view.js';
import { TimeWindow, WindowView } from './draw/time-window.js';
import { ClockOffset, now } from './measure/clock.js';
import { judge, judgeWatched } from './measure/connection.js';
import { EventStream } from './measure/event-stream.js';
import { HelloLog } from './measure/hello-log.js';
import { HelloProbe } from './measure/hello-probe.js';
import { LoopLog } from './measure/loops.js';
import { columns, SampleLog } from './measure/samples.js';
import { StallLog } from './measure/stalls.js';
import { RunDesk } from './run/desk.js';
import { MethodReader } from './run/methods.js';
import { RunView } from './run/progress.js';
import { RunResults } from './run/results.js';
import { ShareView, toSession } from './run/session.js';
import { dataPlaneUrl, fromQuery, relayUrl, toQuery } from './state.js';

const frameMs = 80;
const frameWithReducedMotionMs = 1000;
const minAnnouncedMs = 200;
const retryMs = 1000;

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

// Measurements.
const state = fromQuery(location.search);
const hello = new HelloLog();
const samples = new SampleLog();
const stalls = new StallLog();
const loops = new LoopLog();
const offset = new ClockOffset();
let info = null;

// Views.
const speaker = new Announcer((text) => setText(find('live'), text));
const timeWindow = new TimeWindow(Number(state.window_s) * 1e3);
const results = new RunResults();
const views = {
  status: new StatusView(speaker),
  window: new WindowView(timeWindow, { now, onChange: change, cursorTime: () => plots.cursorTime() }),
  running: new RunView(),
  stall: new StallCard(),
  stalls: new StallList(),
  loops: new LoopsView(),
  path: new DataPathView(),
};
const probe = new HelloProbe(hello);
const isWatching = () => info?.mode === 'watch';
const isRelayed = () => info?.config?.relay === true && !state.data_port;
const dataUrl = () => {
  if (!info?.listen) return null;
  return isRelayed() ? relayUrl(document.baseURI) : dataPlaneUrl(location, info.listen, state.data_port);
};
const desk = new RunDesk({
  state,
  change,
  now,
  hello,
  samples,
  stalls,
  results,
  dataUrl,
  speaker,
  onRun: (method) => views.path.choose(method),
});
const plots = new Charts({
  stalls: (from, to) => stalls.bands(from, to),
  runs: () => desk.runs(now()),
  onChoose: (from, to) => {
    timeWindow.choose(from, to);
    views.window.draw();
  },
});

const methods = new MethodReader({
  onList: (list) => {
    for (const each of [desk, results, views.path]) each.showMethods(list);
    views.path.choose(state.method);
  },
  onWait: (text) => desk.form.showWaiting(text),
});

/** Keeps a choice of the reader in the page's address. */
function change(key, value) {
  state[key] = value;
  history.replaceState(null, '', location.pathname + toQuery(state));
}

async function readInfo() {
  try {
    const found = await (await fetch('info', { cache: 'no-store' })).json();
    const isNewProcess = info?.pid !== found.pid;
    info = found;
    if (isNewProcess) {
      stalls.clear();
      announcedStall = null;
      if (!isWatching()) methods.load(dataUrl());
    }
  } catch {
    setTimeout(readInfo, retryMs);
    return;
  }
  const mode = isWatching() ? 'watch' : 'serve';
  document.documentElement.dataset.mode = mode;
  plots.show(chartSpecs.filter((spec) => (spec.mode ?? mode) === mode));
  if (isWatching()) showCommand();
  else probe.start(`${dataUrl()}/hello`, { sharesConnections: isRelayed() });
  setText(find('info'), describe(info));
}

function describe({ version, pid, config, file_io: fileIo }) {
  const stall = `a stall is ${format.ms(stallThreshold())} or more.`;
  if (isWatching()) return `loopscope ${version} watches process ${pid} and its children, ${stall}`;
  const reason = fileIo?.stream?.reason ?? '';
  const relay = isRelayed() ? 'The admin plane relays the requests of this page, which adds its time to theirs. ' : '';
  return `loopscope ${version}, process ${pid}, ${format.plural(config.io_threads, 'loop')}, ${stall} ${relay}${reason}`;
}

function showCommand() {
  const command = info.command.join(' ');
  setText(find('watched'), command);
  find('watched').title = command;
  views.status.subject = `${command} – loopscope watch`;
}

function stallThreshold() {
  return info?.stall_threshold_ms ?? info?.config.stall_threshold_ms ?? Infinity;
}

function addSample(sample, received) {
  offset.note(sample.monotonic_ms, received);
  loops.note(sample);
  samples.add(sample, offset.toBrowser(sample.monotonic_ms), loops.busiest);
  const ended = stalls.noteSample(sample, (ms) => offset.toBrowser(ms));
  announceStalls(stalls.current, ended);
}

let announcedStall = null;

/** Each stall that lasts long enough is announced once while it lasts, and once when it has ended. */
function announceStalls(current, ended) {
  const key = current && `${current.loop}:${current.id}`;
  if (current?.duration_ms >= minAnnouncedMs && key !== announcedStall) {
    announcedStall = key;
    const { loop, culprit } = current;
    speaker.announce('stall', `Loop ${loop} is blocked${culprit ? ` in ${culprit.function}, ${place(culprit)}` : ''}.`);
  }
  for (const each of ended) {
    if (now() - each.started_ms - each.duration_ms < 2000 && each.duration_ms >= minAnnouncedMs)
      speaker.announce('stall', each.sentence ?? `Loop ${each.loop} was blocked for ${format.ms(each.duration_ms)}.`);
  }
}

const stream = new EventStream('events', {
  onSample: addSample,
  onOpen: () => {
    offset.reset();
    readInfo();
  },
});

function judgeNow(at, waiting) {
  const worst = samples.last?.loops.reduce((a, b) => (a && a.stalled_for_ms >= b.stalled_for_ms ? a : b), null);
  const observed = {
    now: at,
    lastEvent: stream.lastEvent,
    streamFailed: stream.failed,
    stalledMs: worst?.stalled_for_ms ?? 0,
    loop: worst?.name,
    loops: samples.last?.loops.length ?? 0,
    thresholdMs: stallThreshold(),
    helloOk: hello.lastOk,
    helloFailed: hello.lastFailed,
    helloWaitingMs: waiting.oldestMs ?? 0,
    admin: location.host,
    data: dataUrl() ?? 'the data plane',
  };
  return isWatching() ? judgeWatched(observed) : judge(observed);
}

function draw() {
  const at = now();
  const waiting = hello.waitingNow(at);
  const { from, to } = timeWindow.range(at);
  views.status.draw(judgeNow(at, waiting));
  setText(
    find('hello_now'),
    waiting.oldestMs > 200 ? `waiting ${format.ms(waiting.oldestMs)}` : format.ms(hello.lastLatency),
  );
  views.window.draw();
  plots.draw(
    (spec) =>
      spec.source === 'hello' ? hello.window(from, to, at, { breaks: true }) : samples.window(spec.columns, from, to),
    from,
    to,
  );
  views.stall.draw(stalls.shown(find('stall_choice').value), waiting);
  if (isWatching()) {
    views.loops.draw(loops.all);
    views.stalls.draw(stalls.all());
  } else if (samples.last) {
    views.running.draw(samples.last.runs);
    views.path.draw(
      { running: samples.last.runs, buffer: samples.last.buffer, pageCache: samples.last.page_cache },
      (method) => results.latest(method),
    );
  }
}

let lastFrame = 0;
function frame(at) {
  requestAnimationFrame(frame);
  if (at - lastFrame < (reducedMotion.matches ? frameWithReducedMotionMs : frameMs)) return;
  lastFrame = at;
  draw();
}

const theme = find('field_theme');
const applyTheme = () => {
  document.documentElement.dataset.theme = state.theme;
  plots.restyle();
};
theme.value = state.theme;
theme.addEventListener('input', () => {
  change('theme', theme.value);
  applyTheme();
});
find('field_window_s').value = state.window_s;
applyTheme();
results.readClaims('dashboard/claims.json');
desk.form.readRecommendations('dashboard/recommendations.json');

new ShareView({
  link: () => location.origin + location.pathname + toQuery(state),
  session: () =>
    toSession({
      info,
      results: results.results,
      stalls: stalls.all(),
      hello,
      samples: { log: samples, names: columns.slice(1) },
      now: now(),
    }),
});
requestAnimationFrame(frame);

/** The page's own objects, for tests to feed and to read. */
export const app = {
  hello,
  samples,
  stalls,
  results,
  desk,
  speaker,
  window: timeWindow,
  stream,
  probe,
  addSample,
  draw,
  now,
};
