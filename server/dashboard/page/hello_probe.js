/** Asks /hello every 50 ms and writes the answers into a log. Pauses while the page is hidden. */
export class hello_probe {
  constructor(log) {
    this.log = log;
    this.url = null;
    this.worker = new Worker(new URL('./hello_worker.js', import.meta.url), { type: 'module' });
    this.worker.onmessage = ({ data }) => this.note(data);
    document.addEventListener('visibilitychange', () => this.follow_visibility());
  }

  start(url) {
    if (url === this.url) return;
    this.url = url;
    this.follow_visibility();
  }

  // A hidden page's timers are held back by the browser: what it measured would be its own delay.
  follow_visibility() {
    if (!this.url) return;
    this.worker.postMessage(document.hidden ? { kind: 'stop' } : { kind: 'start', url: this.url });
  }

  note(message) {
    if (message.kind === 'due') this.log.due(message.id, message.intended);
    else if (message.kind === 'done') this.log.done(message.id, message.sent, message.ended, message.ok);
    else if (message.kind === 'gap') this.log.gap(message.id, message.from);
    else this.log.given_up(message.id);
  }
}
