// SPDX-License-Identifier: MIT

const windowSamples = 600;
const toleranceMs = 200;
const confirmMs = 1000;

/**
 * The page's clock: milliseconds since 1970, taken once from the browser's clock and counted by its monotonic clock. It
 * never jumps, even if the browser's clock is set.
 */
export const now = () => performance.timeOrigin + performance.now();

/**
 * Converts a time of that clock to the time of day. The browser's clock may have been set since the page was opened, or
 * the machine may have slept. The correction is in whole seconds, so that the ticks of an axis stay on their seconds.
 */
export const toWall = (at, wall = Date.now(), here = now()) => at + Math.round((wall - here) / 1000) * 1000;

/**
 * The page's clock minus the server's monotonic clock, in milliseconds: the smallest recent delay between the timestamp
 * of a sample and its arrival. The result is too large by the network time of the fastest sample.
 *
 * Nobody sets these clocks, but each may stop while its machine sleeps. A smaller delay counts at once. If every sample
 * of one second is later than the offset allows, the clocks have moved apart and the offset is measured again.
 */
export class ClockOffset {
  constructor() {
    this.reset();
  }

  /** A new process may have another clock. */
  reset(value = Infinity) {
    this.value = null;
    this.previous = Infinity;
    this.current = value;
    this.sampleCount = 0;
    this.lateSince = null;
    this.minLateDelay = Infinity;
  }

  note(serverMs, receivedMs) {
    const delay = receivedMs - serverMs;
    if (this.movedApart(delay, receivedMs)) this.reset(this.minLateDelay);
    this.current = Math.min(this.current, delay);
    this.value = Math.min(this.previous, this.current);
    if (++this.sampleCount % windowSamples === 0) {
      this.previous = this.current;
      this.current = Infinity;
    }
    return this.value;
  }

  toBrowser(serverMs) {
    return serverMs + (this.value ?? 0);
  }

  movedApart(delay, receivedMs) {
    if (this.value === null || delay <= this.value + toleranceMs) {
      this.lateSince = null;
      this.minLateDelay = Infinity;
      return false;
    }
    this.lateSince ??= receivedMs;
    this.minLateDelay = Math.min(this.minLateDelay, delay);
    return receivedMs - this.lateSince >= confirmMs;
  }
}
