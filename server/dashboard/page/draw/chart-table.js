// SPDX-License-Identifier: MIT

import { toWall } from '../measure/clock.js';
import { make, setText } from './dom.js';
import * as format from './format.js';

const rowsShown = 12;

/** Divides the window into equal parts, newest first. Returns the maximum of every column for each part. */
export function digest(data, from, to, parts = rowsShown) {
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

/** The table below a chart: the same figures for readers who cannot see the lines. It is updated only while open. */
export class ChartTable {
  constructor(spec, labels) {
    this.spec = spec;
    this.body = make('tbody');
    this.details = make(
      'details',
      { class: 'chart_table' },
      make('summary', {}, `${spec.title} as a table`),
      make(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${spec.title}, table` },
        make(
          'table',
          {},
          make('caption', {}, 'The maximum of each part of the window, newest first'),
          make('thead', {}, make('tr', {}, ...['from', ...labels].map((text) => make('th', { scope: 'col' }, text)))),
          this.body,
        ),
      ),
    );
    for (let i = 0; i < rowsShown; ++i)
      this.body.append(
        make('tr', {}, make('th', { scope: 'row' }), ...labels.map(() => make('td', { class: 'number' }))),
      );
  }

  draw(data, from, to) {
    if (!this.details.open) return;
    digest(data, from, to).forEach(([time, ...values], i) => {
      const cells = this.body.rows[i].cells;
      setText(cells[0], format.clock(toWall(time)));
      for (const [column, value] of values.entries()) setText(cells[column + 1], this.spec.text(value));
    });
  }
}
