import { claims } from './claims.js';
import { find, make } from './dom.js';
import * as format from './format.js';
import { names } from './methods.js';

const kept = 60;

const yes_no = (value) => (value === null ? '–' : value ? 'yes' : 'NO');

function hello_cells({ count, p50, p99, max }) {
  const title = count === 0 ? 'The write was over before a request was due' : `of ${count} requests`;
  return [p50, p99, max].map((value) => make('td', { class: 'number', title }, format.ms(value)));
}

function result_row(result) {
  const name = make('th', { scope: 'row' }, make('span', { class: 'method_name' }, result.method));
  const details = [format.plural(result.count, 'record'), result.runs > 1 ? `${result.runs} runs` : null, result.io]
    .filter(Boolean).join(', ');
  name.append(make('small', {}, details));
  const stalled = result.stalls > 0;
  return make('tr', {}, name,
    make('td', { class: 'number' }, format.ms(result.time_ms)),
    ...hello_cells(result.hello),
    make('td', { class: 'number' }, format.bytes(result.peak_bytes)),
    make('td', { class: result.in_order === false ? 'bad' : null }, yes_no(result.in_order)),
    make('td', { class: 'number' }, format.count(result.drains)),
    make('td', { class: stalled ? 'bad' : null }, stalled ? `stalled ${format.ms(result.longest_stall_ms)}` : 'free'));
}

function claim_row(method) {
  const claim = claims[method];
  if (!claim) return null;
  const cell = (text, css = 'number') => make('td', { class: css }, text);
  return make('tr', { class: 'claim' }, make('th', { scope: 'row' }, 'the articles say'), cell(claim.time),
    make('td', { class: 'number', colspan: 3 }, `${claim.hello} for one answer`), cell(claim.memory), cell('', null),
    cell(''), cell(claim.loop, null));
}

/** The table of results, a group of rows a method, the newest run first. */
export class run_results {
  constructor() {
    this.table = find('results_table');
    this.results = [];
  }

  add(result) {
    this.results.unshift(result);
    this.results.length = Math.min(this.results.length, kept);
    this.draw();
  }

  latest(method) {
    return this.results.find((each) => each.method === method) ?? null;
  }

  draw() {
    while (this.table.tBodies.length > 0) this.table.tBodies[0].remove();
    for (const method of names) {
      const rows = this.results.filter((each) => each.method === method).map(result_row);
      if (rows.length === 0) continue;
      const claim = claim_row(method);
      this.table.append(make('tbody', {}, ...rows, claim));
    }
    find('results_empty').hidden = this.results.length > 0;
    find('results_scroll').hidden = this.results.length === 0;
  }
}
