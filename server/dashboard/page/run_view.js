import { find, make, set_text } from './dom.js';
import * as format from './format.js';

function progress_text(run) {
  const { progress, count } = run;
  const parts = [`${format.count(progress.written_records)} of ${format.count(count)} records`,
    format.ms(run.elapsed_ms)];
  if (progress.pending_bytes > 0 && run.method === 'callback')
    parts.push(`${format.bytes(progress.pending_bytes)} pending`);
  return parts.join(' · ');
}

/** The writes under way, as the admin plane sees them: it does so while the loop that runs one is blocked. */
export class run_view {
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
      set_text(row.querySelector('.figures'), progress_text(run));
    }
  }

  add(run) {
    const row = make('li', {}, make('span', { class: 'method_name' }, run.method),
      make('progress', { max: 1, 'aria-label': `progress of ${run.method}, run ${run.id}` }),
      make('span', { class: 'figures' }));
    this.rows.set(run.id, row);
    this.list.append(row);
    return row;
  }
}
