import { now } from './clock.js';
import { silence_ms } from './connection.js';

const retry_ms = 1000;

/** The admin plane's /events; connects again by itself, for as long as the page is open. */
export class event_stream {
  constructor(url, { on_sample, on_open }) {
    this.url = url;
    this.on_sample = on_sample;
    this.on_open = on_open;
    this.last_event = null;
    this.failed = false;
    this.connect();
    setInterval(() => this.check(), retry_ms);
  }

  connect() {
    this.source?.close();
    this.connected_at = now();
    this.source = new EventSource(this.url);
    this.source.onopen = () => this.on_open();
    this.source.onerror = () => { this.failed = true; };
    this.source.addEventListener('sample', ({ data }) => {
      this.last_event = now();
      this.failed = false;
      this.on_sample(JSON.parse(data), this.last_event);
    });
  }

  // A refused stream is closed for good, and one whose other end vanished stays open in silence.
  check() {
    const silent_since = Math.max(this.last_event ?? -Infinity, this.connected_at);
    const dead = this.source.readyState === EventSource.CLOSED;
    if (dead || now() - silent_since > silence_ms) this.connect();
  }
}
