import { to_wall } from './clock.js';
import { make, set_text } from './dom.js';
import * as format from './format.js';

const rows_shown = 12;

/** The window's time cut into equal parts, the newest first; of each part, every column's greatest value. */
export function digest(data, from, to, parts = rows_shown) {
  const width = (to - from) / parts;
  const rows = Array.from({ length: parts }, (_, i) => [to - (i + 1) * width, ...data.slice(1).map(() => null)]);
  data[0].forEach((time, i) => {
    const part = Math.min(parts - 1, Math.max(0, Math.floor((to - time) / width)));
    for (let column = 1; column < data.length; ++column) {
      const value = data[column][i];
      if (value !== null) rows[part][column] = Math.max(value, rows[part][column] ?? -Infinity);
    }
  });
  return rows;
}

/** The table beside a chart: the same figures for those who do not see the lines. Filled while it is open. */
export class chart_table {
  constructor(spec, labels) {
    this.spec = spec;
    this.body = make('tbody');
    this.details = make('details', { class: 'chart_table' }, make('summary', {}, `${spec.title} as a table`),
      make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${spec.title}, table` },
        make('table', {}, make('caption', {}, 'The greatest value of each part of the window, the newest first'),
          make('thead', {}, make('tr', {}, ...['from', ...labels].map((text) => make('th', { scope: 'col' }, text)))),
          this.body)));
    for (let i = 0; i < rows_shown; ++i)
      this.body.append(make('tr', {}, make('th', { scope: 'row' }), ...labels.map(() => make('td', { class: 'number' }))));
  }

  draw(data, from, to) {
    if (!this.details.open) return;
    digest(data, from, to).forEach(([time, ...values], i) => {
      const cells = this.body.rows[i].cells;
      set_text(cells[0], format.clock(to_wall(time)));
      values.forEach((value, column) => set_text(cells[column + 1], this.spec.text(value)));
    });
  }
}
