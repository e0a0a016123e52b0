const samples_remembered = 600;
const apart_ms = 200;
const convinced_after_ms = 1000;

/**
 * The page's clock minus the server's monotonic one, in milliseconds: the least delay between a sample's stamp and its
 * arrival seen lately. Too great by the time that the fastest of them travelled.
 *
 * Neither clock is ever set, but each may stand still while its machine sleeps. A lower delay counts at once; when
 * every sample of a second is later than the offset explains, the clocks have moved apart and the offset is found anew.
 */
export class clock_offset {
  constructor() {
    this.reset();
  }

  /** Another process may answer, whose clock is another. */
  reset(value = Infinity) {
    this.value = null;
    this.previous = Infinity;
    this.current = value;
    this.seen = 0;
    this.late_since = null;
    this.late_least = Infinity;
  }

  note(server_ms, received_ms) {
    const delay = received_ms - server_ms;
    if (this.moved_apart(delay, received_ms)) this.reset(this.late_least);
    this.current = Math.min(this.current, delay);
    this.value = Math.min(this.previous, this.current);
    if (++this.seen % samples_remembered === 0) {
      this.previous = this.current;
      this.current = Infinity;
    }
    return this.value;
  }

  to_browser(server_ms) {
    return server_ms + (this.value ?? 0);
  }

  moved_apart(delay, received_ms) {
    if (this.value === null || delay <= this.value + apart_ms) {
      this.late_since = null;
      this.late_least = Infinity;
      return false;
    }
    this.late_since ??= received_ms;
    this.late_least = Math.min(this.late_least, delay);
    return received_ms - this.late_since >= convinced_after_ms;
  }
}
