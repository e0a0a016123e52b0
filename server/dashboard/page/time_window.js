const least_ms = 500;
const greatest_ms = 600_000;

/** The span of time that all charts show: the last minute, following the clock, or one that was chosen. */
export class time_window {
  constructor(span_ms = 60_000) {
    this.span_ms = span_ms;
    this.paused_at = null; // the window's end; null while it follows the clock
  }

  get live() {
    return this.paused_at === null;
  }

  range(now) {
    const to = this.paused_at ?? now;
    return { from: to - this.span_ms, to };
  }

  pause(now) {
    this.paused_at ??= now;
  }

  resume(span_ms = this.span_ms) {
    this.paused_at = null;
    this.span_ms = span_ms;
  }

  /** Shows exactly this span, which stands still. */
  choose(from, to) {
    this.span_ms = Math.min(greatest_ms, Math.max(least_ms, to - from));
    this.paused_at = to;
  }

  /** Below 1 zooms in. Standing still, `around` stays where it is on the screen; live, the newest does. */
  zoom(factor, now, around = null) {
    const { from, to } = this.range(now);
    const span = Math.min(greatest_ms, Math.max(least_ms, this.span_ms * factor));
    const fixed = around === null || around < from || around > to ? to : around;
    if (!this.live) this.paused_at = Math.min(now, fixed + ((to - fixed) / (to - from)) * span);
    this.span_ms = span;
  }

  /** By a part of its width; negative is towards the past. Never beyond now. */
  pan(part, now) {
    const { to } = this.range(now);
    this.paused_at = Math.min(now, to + part * this.span_ms);
  }
}
