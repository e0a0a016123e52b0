// SPDX-License-Identifier: MIT

import { find, make } from './dom.js';
import * as format from './format.js';

const maxShown = 20;

/** The sentences of the newest stalls that have ended. */
export class StallList {
  constructor() {
    this.list = find('stall_list');
    this.shown = '';
  }

  /** `stalls`: from the stall log. */
  draw(stalls) {
    const newest = stalls
      .filter(({ in_progress: inProgress }) => !inProgress)
      .sort((a, b) => b.started_monotonic_ms - a.started_monotonic_ms)
      .slice(0, maxShown)
      .map(({ started, sentence, loop, duration_ms: durationMs }) => [
        format.clock(Date.parse(started)),
        sentence ?? `loop ${loop} was blocked for ${format.ms(durationMs)}`,
      ]);
    const shown = JSON.stringify(newest);
    if (shown === this.shown) return;
    this.shown = shown;
    find('stalls_none').hidden = newest.length > 0;
    this.list.replaceChildren(...newest.map(([time, text]) => make('li', {}, make('time', {}, time), ' ', text)));
  }
}
