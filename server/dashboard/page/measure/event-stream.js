// SPDX-License-Identifier: MIT

import { now } from './clock.js';
import { ReconnectingSource } from './event-source.js';

const renewMs = 2000;

/**
 * The samples of /events. All pages of a browser share one stream, in a shared worker; where the browser has none, each
 * page has its own. A hidden page reads nothing, and the stream closes when no page reads.
 */
export class EventStream {
  constructor(url, { onSample, onOpen }) {
    this.onSample = onSample;
    this.onOpen = onOpen;
    this.lastEvent = null;
    this.failed = false;
    this.reader = readerOf(new URL(url, document.baseURI).href, (message) => this.note(message));
    document.addEventListener('visibilitychange', () => this.followVisibility());
    addEventListener('pagehide', () => this.close());
    addEventListener('pageshow', () => this.followVisibility());
    this.followVisibility();
  }

  close() {
    clearInterval(this.timer);
    this.reader.close();
  }

  followVisibility() {
    this.close();
    if (document.hidden) return;
    // It has not heard of the service while it was hidden, which is not the service's silence.
    this.lastEvent = null;
    this.failed = false;
    this.reader.open();
    this.timer = setInterval(() => this.reader.open(), renewMs);
  }

  note({ kind, text }) {
    if (document.hidden) return;
    if (kind === 'open') this.onOpen();
    if (kind === 'failed') this.failed = true;
    if (kind !== 'sample') return;
    this.lastEvent = now();
    this.failed = false;
    this.onSample(JSON.parse(text), this.lastEvent);
  }
}

/** open() may be called again, which renews the wish to read. */
function readerOf(url, tell) {
  if (typeof SharedWorker === 'undefined') return new ReconnectingSource(url, tell);
  const { port } = new SharedWorker(new URL('./events-worker.js', import.meta.url), {
    type: 'module',
    name: url,
  });
  port.onmessage = ({ data }) => tell(data);
  return {
    open: () => port.postMessage({ kind: 'want', url }),
    close: () => port.postMessage({ kind: 'leave' }),
  };
}
