// SPDX-License-Identifier: MIT

import { find, make, setText } from './dom.js';
import * as format from './format.js';

const maxRows = 64;

/** The loops of a watched program, one row for each. */
export class LoopsView {
  constructor() {
    this.body = find('loops_table').tBodies[0];
  }

  /** `loops`: from the loop log. */
  draw(loops) {
    find('loops_scroll').hidden = loops.length === 0;
    find('loops_text').hidden = loops.length > 0 && loops.length <= maxRows;
    if (loops.length > maxRows) setText(find('loops_text'), `The first ${maxRows} of ${loops.length} loops.`);
    const shown = loops.slice(0, maxRows);
    while (this.body.rows.length > shown.length) this.body.lastChild.remove();
    while (this.body.rows.length < shown.length)
      this.body.append(
        make(
          'tr',
          {},
          make('th', { scope: 'row' }),
          make('td', { class: 'number' }),
          make('td'),
          ...[1, 2, 3, 4].map(() => make('td', { class: 'number' })),
        ),
      );
    for (const [i, loop] of shown.entries()) drawRow(this.body.rows[i], loop);
  }
}

function drawRow(row, { name, pid, stalledMs, busy, turnsPerS, longestMs, stalls }) {
  row.classList.toggle('blocked', stalledMs > 0);
  const texts = [
    name,
    pid === null ? '–' : String(pid),
    stalledMs > 0 ? `blocked ${format.ms(stalledMs)}` : 'responsive',
    format.share(busy),
    format.count(turnsPerS),
    format.ms(longestMs),
    format.count(stalls),
  ];
  for (const [i, text] of texts.entries()) setText(row.cells[i], text);
}
