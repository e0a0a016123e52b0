import { find, set_text } from './dom.js';

const symbols = { ok: '●', blocked: '■', connecting: '◌' };

/** The line that says whether the service is well, blocked or gone: in words and a shape, not by colour alone. */
export class status_view {
  constructor(announcer) {
    this.announcer = announcer;
    this.state = null;
  }

  draw({ state, title, detail }) {
    const box = find('status');
    box.dataset.state = state;
    set_text(find('status_symbol'), symbols[state] ?? '✕');
    set_text(find('status_title'), title);
    set_text(find('status_detail'), detail);
    document.title = state === 'ok' ? 'loopscope' : `${title} – loopscope`;
    // Stalls are announced with their cause, elsewhere.
    if (this.state !== null && this.state !== state && ![state, this.state].includes('blocked'))
      this.announcer.announce(`${title}. ${detail}`);
    this.state = state;
  }
}
