const least_pause_ms = 3000;

/**
 * Says things to screen readers, politely and not too often: what comes within the pause replaces what was to be said.
 * `say` speaks; the rest is plain state, for a test's clock.
 */
export class announcer {
  constructor(say, schedule = (then, ms) => setTimeout(then, ms), now = () => performance.now()) {
    this.say = say;
    this.schedule = schedule;
    this.now = now;
    this.last = -Infinity;
    this.next = null;
  }

  announce(text) {
    const waits = this.next !== null;
    this.next = text;
    if (waits) return;
    const pause = this.last + least_pause_ms - this.now();
    if (pause <= 0) this.flush();
    else this.schedule(() => this.flush(), pause);
  }

  flush() {
    this.last = this.now();
    this.say(this.next);
    this.next = null;
  }
}
