/**
 * An open-loop schedule: requests are due at fixed times, whatever became of those before. Latency counts from the
 * time at which a request was due, so one that had to wait for a connection has waited.
 *
 * Times are milliseconds. No clock of its own.
 */
export class schedule {
  constructor({ period, max_in_flight, max_waiting, asleep_after = 2000 }) {
    this.period = period;
    this.asleep_after = asleep_after;
    this.max_in_flight = max_in_flight;
    this.max_waiting = max_waiting;
    this.next_due = null;
    this.next_id = 0;
    this.waiting = []; // due, not sent
    this.in_flight = new Map();
  }

  /** Begins, or begins again after a pause: nothing was due meanwhile. Returns that gap's entry, or null. */
  start(now) {
    this.next_due = now;
    return this.next_id > 0 ? { id: this.next_id++, from: now } : null;
  }

  stop() {
    this.next_due = null;
    this.waiting = [];
  }

  /**
   * What has become due by now; beyond max_waiting the oldest are given up and returned too.
   *
   * When it is later than asleep_after, the browser or its machine has slept. Then nothing was due: `gap` is the one
   * entry for that time, and what was waiting or under way is given up, because its latency would be that of the sleep.
   */
  due(now) {
    if (this.next_due !== null && now - this.next_due > this.asleep_after) return this.wake_up(now);
    const became_due = [];
    while (this.next_due !== null && this.next_due <= now) {
      const request = { id: this.next_id++, intended: this.next_due };
      became_due.push(request);
      this.waiting.push(request);
      this.next_due += this.period;
    }
    const too_many = Math.max(0, this.waiting.length - this.max_waiting);
    return { gap: null, became_due, given_up: this.waiting.splice(0, too_many) };
  }

  wake_up(now) {
    const given_up = [...this.in_flight.values(), ...this.waiting];
    this.in_flight.clear();
    this.waiting = [];
    const gap = { id: this.next_id++, from: this.next_due };
    this.next_due = now;
    return { ...this.due(now), gap, given_up };
  }

  /** The requests that may be sent now, the oldest first. */
  take_sendable() {
    const free = Math.max(0, this.max_in_flight - this.in_flight.size);
    const sendable = this.waiting.splice(0, free);
    for (const each of sendable) this.in_flight.set(each.id, each);
    return sendable;
  }

  /** False for a request that was given up before. */
  done(id) {
    return this.in_flight.delete(id);
  }

  /** Another period from the next request on. */
  pace(period, now) {
    if (period === this.period) return;
    this.period = period;
    if (this.next_due !== null) this.next_due = now + period;
  }
}
