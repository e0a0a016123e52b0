// SPDX-License-Identifier: MIT

import { find, setText } from './dom.js';

const minMs = 500;
const maxMs = 600_000;

/** The span of time that all charts show: it follows the clock, or it is paused at a chosen span. */
export class TimeWindow {
  constructor(spanMs = 60_000) {
    this.spanMs = spanMs;
    this.pausedAt = null; // the window's end; null while it follows the clock
  }

  get live() {
    return this.pausedAt === null;
  }

  range(now) {
    const to = this.pausedAt ?? now;
    return { from: to - this.spanMs, to };
  }

  pause(now) {
    this.pausedAt ??= now;
  }

  resume(spanMs = this.spanMs) {
    this.pausedAt = null;
    this.spanMs = spanMs;
  }

  /** Shows exactly this span, paused. */
  choose(from, to) {
    this.spanMs = Math.min(maxMs, Math.max(minMs, to - from));
    this.pausedAt = to;
  }

  /** Below 1 zooms in. While paused, `around` keeps its place on the screen. While live, the right edge does. */
  zoom(factor, now, around = null) {
    const { from, to } = this.range(now);
    const span = Math.min(maxMs, Math.max(minMs, this.spanMs * factor));
    const fixed = around === null || around < from || around > to ? to : around;
    if (!this.live) this.pausedAt = Math.min(now, fixed + ((to - fixed) / (to - from)) * span);
    this.spanMs = span;
  }

  /** Moves by a part of the width; a negative part moves to the past. Never shows the future. */
  pan(part, now) {
    const { to } = this.range(now);
    this.pausedAt = Math.min(now, to + part * this.spanMs);
  }
}

const keys = {
  ' ': 'pause',
  p: 'pause',
  '+': 'zoom_in',
  '=': 'zoom_in',
  '-': 'zoom_out',
  '[': 'earlier',
  ']': 'later',
  0: 'live',
};

/** The controls of the time window: buttons, and keys that work unless a field or button has the focus. */
export class WindowView {
  constructor(timeWindow, { now, cursorTime, onChange }) {
    this.window = timeWindow;
    this.now = now;
    this.cursorTime = cursorTime;
    for (const action of ['pause', 'zoom_in', 'zoom_out', 'earlier', 'later'])
      find(action).addEventListener('click', () => this.act(action));
    find('live_now').addEventListener('click', () => this.act('live'));
    find('field_window_s').addEventListener('input', ({ target }) => {
      this.window.resume(Number(target.value) * 1e3);
      onChange('window_s', target.value);
    });
    document.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      if (event.target.closest('input, select, textarea, button, summary, a')) return;
      event.preventDefault();
      this.act(keys[event.key]);
    });
  }

  act(action) {
    const now = this.now();
    if (action === 'pause') this.window.live ? this.window.pause(now) : this.window.resume();
    else if (action === 'zoom_in') this.window.zoom(0.5, now, this.cursorTime());
    else if (action === 'zoom_out') this.window.zoom(2, now, this.cursorTime());
    else if (action === 'earlier') this.window.pan(-0.5, now);
    else if (action === 'later') this.window.pan(0.5, now);
    else this.window.resume(Number(find('field_window_s').value) * 1e3);
    this.draw();
  }

  draw() {
    const { live, spanMs } = this.window;
    setText(find('pause'), live ? 'Pause' : 'Resume');
    find('pause').setAttribute('aria-pressed', String(!live));
    const span = `${(spanMs / 1000).toFixed(spanMs >= 10_000 ? 0 : 1)} s`;
    setText(find('window_text'), live ? `the last ${span}` : `${span}, paused`);
  }
}
