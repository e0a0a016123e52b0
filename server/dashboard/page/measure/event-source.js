// SPDX-License-Identifier: MIT

import { now } from './clock.js';
import { silenceMs } from './connection.js';

const retryMs = 1000;

/**
 * The admin plane's /events, connected again for as long as it is open. In a page or in a shared worker.
 *
 * `tell` receives { kind: 'open' }, { kind: 'failed' } and { kind: 'sample', text }.
 */
export class ReconnectingSource {
  constructor(url, tell) {
    this.url = url;
    this.tell = tell;
    this.source = null;
    this.timer = null;
  }

  get isOpen() {
    return this.timer !== null;
  }

  open() {
    if (this.isOpen) return;
    this.connect();
    this.timer = setInterval(() => this.check(), retryMs);
  }

  close() {
    clearInterval(this.timer);
    this.timer = null;
    this.source?.close();
    this.source = null;
  }

  connect() {
    this.source?.close();
    this.lastSign = now();
    this.source = new EventSource(this.url);
    this.source.onopen = () => this.tell({ kind: 'open' });
    this.source.onerror = () => this.tell({ kind: 'failed' });
    this.source.addEventListener('sample', ({ data }) => {
      this.lastSign = now();
      this.tell({ kind: 'sample', text: data });
    });
  }

  // After a refusal the browser closes the stream for good; after a lost peer it keeps the silent stream open.
  check() {
    const dead = this.source.readyState === EventSource.CLOSED;
    if (dead || now() - this.lastSign > silenceMs) this.connect();
  }
}
