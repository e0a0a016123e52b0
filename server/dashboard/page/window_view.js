import { find, set_text } from './dom.js';

const keys = {
  ' ': 'pause', p: 'pause', '+': 'zoom_in', '=': 'zoom_in', '-': 'zoom_out', '[': 'earlier', ']': 'later', 0: 'live',
};

/** Pause, zoom and the way back to now: buttons, and keys that work wherever no field has the focus. */
export class window_view {
  constructor(window_, { now, cursor_time, on_change }) {
    this.window = window_;
    this.now = now;
    this.cursor_time = cursor_time;
    this.on_change = on_change;
    for (const action of ['pause', 'zoom_in', 'zoom_out', 'earlier', 'later'])
      find(action).addEventListener('click', () => this.act(action));
    find('live_now').addEventListener('click', () => this.act('live'));
    find('field_window_s').addEventListener('input', ({ target }) => {
      this.window.resume(Number(target.value) * 1e3);
      on_change('window_s', target.value);
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
    else if (action === 'zoom_in') this.window.zoom(0.5, now, this.cursor_time());
    else if (action === 'zoom_out') this.window.zoom(2, now, this.cursor_time());
    else if (action === 'earlier') this.window.pan(-0.5, now);
    else if (action === 'later') this.window.pan(0.5, now);
    else this.window.resume(Number(find('field_window_s').value) * 1e3);
    this.draw();
  }

  draw() {
    const { live, span_ms } = this.window;
    set_text(find('pause'), live ? 'Pause' : 'Resume');
    find('pause').setAttribute('aria-pressed', String(!live));
    const span = span_ms >= 10_000 ? `${Math.round(span_ms / 1000)} s` : `${(span_ms / 1000).toFixed(1)} s`;
    set_text(find('window_text'), live ? `the last ${span}` : `${span}, standing still`);
  }
}
