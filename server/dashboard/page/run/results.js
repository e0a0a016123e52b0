// SPDX-License-Identifier: MIT

import { find, make } from '../draw/dom.js';
import * as format from '../draw/format.js';

const maxResults = 60;

const yesNo = (value) => (value === null ? '–' : value ? 'yes' : 'NO');

function helloCells({ count, p50, p99, max }) {
  const title = count === 0 ? 'The write ended before a request was due' : `of ${count} requests`;
  return [p50, p99, max].map((value) => make('td', { class: 'number', title }, format.ms(value)));
}

function resultRow(result) {
  const name = make('th', { scope: 'row' }, make('span', { class: 'method_name' }, result.method));
  const details = [format.plural(result.count, 'record'), result.runs > 1 ? `${result.runs} runs` : null, result.io]
    .filter(Boolean)
    .join(', ');
  name.append(make('small', {}, details));
  const stalled = result.stalls > 0;
  return make(
    'tr',
    {},
    name,
    make('td', { class: 'number' }, format.ms(result.time_ms)),
    ...helloCells(result.hello),
    make('td', { class: 'number' }, format.bytes(result.peak_bytes)),
    make('td', { class: result.in_order === false ? 'bad' : null }, yesNo(result.in_order)),
    make('td', { class: 'number' }, format.count(result.drains)),
    make('td', { class: stalled ? 'bad' : null }, stalled ? `stalled ${format.ms(result.longest_stall_ms)}` : 'free'),
  );
}

/** The values of the claims.json entries that are about one figure of one method. */
export function claimsByMethod(claims) {
  const found = {};
  for (const { method, figure, value } of claims) {
    if (!method || !figure) continue;
    found[method] ??= {};
    found[method][figure] = value;
  }
  return found;
}

function claimRow(claim) {
  if (!claim) return null;
  const cell = (text, css = 'number') => make('td', { class: css }, text);
  return make(
    'tr',
    { class: 'claim' },
    make('th', { scope: 'row' }, 'the articles say'),
    cell(claim.time.text),
    make('td', { class: 'number', colspan: 3 }, `${claim.hello.text} for one request`),
    cell(claim.memory.text),
    cell(claim.order.text, null),
    cell(''),
    cell(claim.loop.text, null),
  );
}

/** The table of results: for each method a group of rows, newest first, and what the articles claim. */
export class RunResults {
  constructor() {
    this.table = find('results_table');
    this.results = [];
    this.order = []; // names of the methods
    this.claims = {}; // by method and figure: the value of the entry in claims.json
  }

  /** The page works without claims: their rows are then missing. */
  async readClaims(url) {
    const response = await fetch(url);
    if (response.ok) this.claims = claimsByMethod((await response.json()).claims);
    this.draw();
  }

  showMethods(methods) {
    this.order = methods.map(({ name }) => name);
    this.draw();
  }

  add(result) {
    this.results.unshift(result);
    this.results.length = Math.min(this.results.length, maxResults);
    this.draw();
  }

  latest(method) {
    return this.results.find((each) => each.method === method) ?? null;
  }

  draw() {
    while (this.table.tBodies.length > 0) this.table.tBodies[0].remove();
    const methods = new Set([...this.order, ...this.results.map(({ method }) => method)]);
    for (const method of methods) {
      const rows = this.results.filter((each) => each.method === method).map(resultRow);
      if (rows.length > 0) this.table.append(make('tbody', {}, ...rows, claimRow(this.claims[method])));
    }
    find('results_empty').hidden = this.results.length > 0;
    find('results_scroll').hidden = this.results.length === 0;
  }
}
