// SPDX-License-Identifier: MIT

'use strict';
// Elements and tables. Text is always text, never markup.

const report = { units: globalThis.units };

report.element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

// columns: titles. groups: [{ title or null, rows: [[cell, ...]] }]. A cell is text or an element. The first cell of a
// row is its header.
report.table = ({ caption, columns, groups, className }) => {
  const { element } = report;
  const head = element('tr', {}, ...columns.map((title) => element('th', { scope: 'col' }, title)));
  const bodies = groups.map(({ title, rows }) =>
    element(
      'tbody',
      {},
      title ? element('tr', {}, element('th', { scope: 'rowgroup', colspan: columns.length }, title)) : null,
      ...rows.map((cells) =>
        element(
          'tr',
          {},
          ...cells.map((cell, at) =>
            at === 0
              ? element('th', { scope: 'row' }, cell)
              : element('td', { 'data-label': columns[at] }, element('span', {}, cell)),
          ),
        ),
      ),
    ),
  );
  const table = element(
    'table',
    { class: className },
    caption ? element('caption', {}, caption) : null,
    element('thead', {}, head),
    ...bodies,
  );
  return element('div', { class: 'scroll' }, table);
};

report.details = (summary, content) => report.element('details', {}, report.element('summary', {}, summary), content);
