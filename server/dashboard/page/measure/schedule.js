// SPDX-License-Identifier: MIT

/**
 * An open-loop schedule: requests are due at fixed times, independent of earlier requests. Latency counts from the time
 * at which a request was due, so the wait for a connection counts too.
 *
 * Times are milliseconds. The caller supplies the clock.
 */
export class Schedule {
  constructor({ period, maxInFlight, maxWaiting, asleepAfter = 2000 }) {
    this.period = period;
    this.asleepAfter = asleepAfter;
    this.maxInFlight = maxInFlight;
    this.maxWaiting = maxWaiting;
    this.nextDue = null;
    this.nextId = 0;
    this.waiting = []; // due, not sent
    this.inFlight = new Map();
  }

  /** Starts or resumes. Nothing was due during the pause; returns the entry for this gap, or null. */
  start(now) {
    this.nextDue = now;
    return this.nextId > 0 ? { id: this.nextId++, from: now } : null;
  }

  stop() {
    this.nextDue = null;
    this.waiting = [];
  }

  /**
   * The requests that have become due. Beyond maxWaiting the oldest are abandoned and returned too.
   *
   * If the call is more than asleepAfter late, the browser or its machine has slept. Then nothing was due: `gap` is the
   * one entry for that time, and all earlier requests are abandoned, because their latency would be the time asleep.
   */
  due(now) {
    if (this.nextDue !== null && now - this.nextDue > this.asleepAfter) return this.wakeUp(now);
    const becameDue = [];
    while (this.nextDue !== null && this.nextDue <= now) {
      const request = { id: this.nextId++, intended: this.nextDue };
      becameDue.push(request);
      this.waiting.push(request);
      this.nextDue += this.period;
    }
    const tooMany = Math.max(0, this.waiting.length - this.maxWaiting);
    return { gap: null, becameDue, abandoned: this.waiting.splice(0, tooMany) };
  }

  wakeUp(now) {
    const abandoned = [...this.inFlight.values(), ...this.waiting];
    this.inFlight.clear();
    this.waiting = [];
    const gap = { id: this.nextId++, from: this.nextDue };
    this.nextDue = now;
    return { ...this.due(now), gap, abandoned };
  }

  /** The requests that may be sent now, oldest first. */
  takeSendable() {
    const free = Math.max(0, this.maxInFlight - this.inFlight.size);
    const sendable = this.waiting.splice(0, free);
    for (const each of sendable) this.inFlight.set(each.id, each);
    return sendable;
  }

  /** False for a request that was abandoned before. */
  done(id) {
    return this.inFlight.delete(id);
  }

  /** Changes the period from the next request on. */
  pace(period, now) {
    if (period === this.period) return;
    this.period = period;
    if (this.nextDue !== null) this.nextDue = now + period;
  }
}
