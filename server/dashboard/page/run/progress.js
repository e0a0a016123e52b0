// SPDX-License-Identifier: MIT

import { find, make, setText } from '../draw/dom.js';
import * as format from '../draw/format.js';

function progressText(run) {
  const { progress, count } = run;
  const parts = [
    `${format.count(progress.written_records)} of ${format.count(count)} records`,
    format.ms(run.elapsed_ms),
  ];
  if (progress.pending_records > 1) parts.push(`${format.bytes(progress.pending_bytes)} pending`);
  return parts.join(' · ');
}

/** The running writes. The admin plane reports them, so the figures move while the data plane's loop is blocked. */
export class RunView {
  constructor() {
    this.list = find('running');
    this.rows = new Map();
  }

  draw(runs) {
    for (const [id, row] of this.rows) {
      if (runs.some((run) => run.id === id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    for (const run of runs) {
      const row = this.rows.get(run.id) ?? this.add(run);
      row.querySelector('progress').value = run.progress.written_records / run.count;
      setText(row.querySelector('.figures'), progressText(run));
    }
  }

  add(run) {
    const row = make(
      'li',
      {},
      make('span', { class: 'method_name' }, run.method),
      make('progress', { max: 1, 'aria-label': `progress of ${run.method}, run ${run.id}` }),
      make('span', { class: 'figures' }),
    );
    this.rows.set(run.id, row);
    this.list.append(row);
    return row;
  }
}
