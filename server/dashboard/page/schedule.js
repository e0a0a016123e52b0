/**
 * An open-loop schedule: requests are due at fixed times, whatever became of those before. Latency counts from the
 * time at which a request was due, so one that had to wait for a connection has waited.
 *
 * Times are milliseconds. No clock of its own.
 */
export class schedule {
  constructor({ period, max_in_flight, max_waiting }) {
    this.period = period;
    this.max_in_flight = max_in_flight;
    this.max_waiting = max_waiting;
    this.next_due = null;
    this.next_id = 0;
    this.waiting = []; // due, not sent
    this.in_flight = new Map();
  }

  /** Begins, or begins again after a pause: nothing was due meanwhile. */
  start(now) {
    this.next_due = now;
  }

  stop() {
    this.next_due = null;
    this.waiting = [];
  }

  /** What has become due by now; beyond max_waiting the oldest are given up and returned too. */
  due(now) {
    const became_due = [];
    while (this.next_due !== null && this.next_due <= now) {
      const request = { id: this.next_id++, intended: this.next_due };
      became_due.push(request);
      this.waiting.push(request);
      this.next_due += this.period;
    }
    const too_many = Math.max(0, this.waiting.length - this.max_waiting);
    return { became_due, given_up: this.waiting.splice(0, too_many) };
  }

  /** The requests that may be sent now, the oldest first. */
  take_sendable() {
    const free = Math.max(0, this.max_in_flight - this.in_flight.size);
    const sendable = this.waiting.splice(0, free);
    for (const each of sendable) this.in_flight.set(each.id, each);
    return sendable;
  }

  done(id) {
    this.in_flight.delete(id);
  }

  /** Another period from the next request on. */
  pace(period, now) {
    if (period === this.period) return;
    this.period = period;
    if (this.next_due !== null) this.next_due = now + period;
  }
}
