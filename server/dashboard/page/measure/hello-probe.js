// SPDX-License-Identifier: MIT

/** Requests /hello every 50 ms and logs the results. Pauses while the page is hidden. */
export class HelloProbe {
  constructor(log) {
    this.log = log;
    this.url = null;
    this.worker = new Worker(new URL('./hello-worker.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }) => this.note(data);
    document.addEventListener('visibilitychange', () => this.followVisibility());
  }

  /** `sharesConnections`: the url has the host and port of the page, whose own requests need connections too. */
  start(url, { sharesConnections = false } = {}) {
    if (url === this.url) return;
    this.url = url;
    this.maxInFlight = sharesConnections ? 2 : 4;
    this.followVisibility();
  }

  // The browser delays the timers of a hidden page: the probe would measure that delay.
  followVisibility() {
    if (!this.url) return;
    const { url, maxInFlight } = this;
    this.worker.postMessage(document.hidden ? { kind: 'stop' } : { kind: 'start', url, maxInFlight });
  }

  note(message) {
    if (message.kind === 'due') this.log.due(message.id, message.intended);
    else if (message.kind === 'done') this.log.done(message.id, message.ended, message.ok);
    else if (message.kind === 'gap') this.log.gap(message.id, message.from);
    else this.log.abandoned(message.id);
  }
}
