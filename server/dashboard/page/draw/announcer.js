const minPauseMs = 3000;

/**
 * Announces texts to screen readers, at most one every three seconds. During the pause a newer text replaces an older
 * one. `say` speaks; `schedule` and `now` are the timer and the clock.
 */
export class Announcer {
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
    const pause = this.last + minPauseMs - this.now();
    if (pause <= 0) this.flush();
    else this.schedule(() => this.flush(), pause);
  }

  flush() {
    this.last = this.now();
    this.say(this.next);
    this.next = null;
  }
}
