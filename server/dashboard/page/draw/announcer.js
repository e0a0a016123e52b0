// SPDX-License-Identifier: MIT

const minPauseMs = 3000;

/**
 * Announces texts to screen readers, at most one every three seconds. During the pause a newer text replaces an older
 * one of its topic; the topics follow one another in the order of their first text. `say` speaks; `schedule` and `now`
 * are the timer and the clock.
 */
export class Announcer {
  constructor(say, schedule = (then, ms) => setTimeout(then, ms), now = () => performance.now()) {
    this.say = say;
    this.schedule = schedule;
    this.now = now;
    this.last = -Infinity;
    this.waiting = new Map(); // text by topic
  }

  announce(topic, text) {
    const scheduled = this.waiting.size > 0;
    this.waiting.set(topic, text);
    if (!scheduled) this.continue();
  }

  continue() {
    const pause = this.last + minPauseMs - this.now();
    if (pause > 0) {
      this.schedule(() => this.continue(), pause);
      return;
    }
    const [[topic, text]] = this.waiting;
    this.waiting.delete(topic);
    this.last = this.now();
    this.say(text);
    if (this.waiting.size > 0) this.continue();
  }
}
