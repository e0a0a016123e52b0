const samples_remembered = 600;

/**
 * The browser's clock minus the server's, in milliseconds: the least delay between the server's stamp and the event's
 * arrival seen lately. Too great by the time that the fastest of them travelled.
 */
export class clock_offset {
  constructor() {
    this.value = null;
    this.previous = Infinity;
    this.current = Infinity;
    this.seen = 0;
  }

  note(server_ms, received_ms) {
    this.current = Math.min(this.current, received_ms - server_ms);
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
}
