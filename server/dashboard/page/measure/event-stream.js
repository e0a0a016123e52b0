import { now } from './clock.js';
import { silenceMs } from './connection.js';

const retryMs = 1000;

/** The admin plane's /events. Reconnects by itself for as long as the page is open. */
export class EventStream {
  constructor(url, { onSample, onOpen }) {
    this.url = url;
    this.onSample = onSample;
    this.onOpen = onOpen;
    this.lastEvent = null;
    this.failed = false;
    this.connect();
    setInterval(() => this.check(), retryMs);
  }

  connect() {
    this.source?.close();
    this.connectedAt = now();
    this.source = new EventSource(this.url);
    this.source.onopen = () => this.onOpen();
    this.source.onerror = () => {
      this.failed = true;
    };
    this.source.addEventListener('sample', ({ data }) => {
      this.lastEvent = now();
      this.failed = false;
      this.onSample(JSON.parse(data), this.lastEvent);
    });
  }

  // After a refusal the browser closes the stream for good; after a lost peer it keeps the silent stream open.
  check() {
    const silentSince = Math.max(this.lastEvent ?? -Infinity, this.connectedAt);
    const dead = this.source.readyState === EventSource.CLOSED;
    if (dead || now() - silentSince > silenceMs) this.connect();
  }
}
