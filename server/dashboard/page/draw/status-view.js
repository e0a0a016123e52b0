// SPDX-License-Identifier: MIT

import { find, setText } from './dom.js';

const symbols = { ok: '●', blocked: '■', connecting: '◌' };

/** The line with the state of the service, in words and a shape as well as in colour. */
export class StatusView {
  constructor(announcer) {
    this.announcer = announcer;
    this.state = null;
    this.subject = 'loopscope'; // of the page's title
  }

  draw({ state, title, detail }) {
    const box = find('status');
    box.dataset.state = state;
    setText(find('status_symbol'), symbols[state] ?? '✕');
    setText(find('status_title'), title);
    setText(find('status_detail'), detail);
    document.title = state === 'ok' ? this.subject : `${title} – ${this.subject}`;
    // app.js announces stalls, with their causes.
    if (this.state !== null && this.state !== state && ![state, this.state].includes('blocked'))
      this.announcer.announce('status', `${title}. ${detail}`);
    this.state = state;
  }
}
