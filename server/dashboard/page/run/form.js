// SPDX-License-Identifier: MIT

import { find, make, setText } from '../draw/dom.js';
import { count } from '../draw/format.js';

const fields = ['count', 'repeat', 'io', 'high_water_mark', 'slice_us', 'durability', 'verify'];

/** What recommendations.json says about a method, in sentences; null is not known. */
export function recommendationText({ production, use_for: useFor, never_for: neverFor }) {
  const inProduction = production === null ? 'not known' : production ? 'yes' : 'no';
  const said = [`Production: ${inProduction}.`];
  if (useFor) said.push(`Use it for ${useFor}.`);
  if (neverFor) said.push(`Never for ${neverFor}.`);
  return said.join(' ');
}

/** The parameters of a write, and for each method a button, what its run will show, and what to use the method for. */
export class RunForm {
  constructor(state, { onRun, onChange }) {
    this.onRun = onRun;
    this.buttons = [];
    this.recommendations = {}; // by method
    for (const name of fields) {
      const field = find(`field_${name}`);
      field.value = state[name];
      field.addEventListener('input', () => {
        if (field.validity.valid) onChange(name, field.value);
      });
    }
    find('parameters').addEventListener('submit', (event) => event.preventDefault());
  }

  /** Until the service has named its methods there are no buttons, and a sentence says why. */
  showWaiting(text) {
    setText(find('methods_waiting'), text);
    find('methods_waiting').hidden = this.buttons.length > 0;
  }

  /** The page works without recommendations: their sentences are then missing. */
  async readRecommendations(url) {
    const response = await fetch(url);
    if (!response.ok) return;
    const { methods, scale, started, machine } = await response.json();
    this.recommendations = Object.fromEntries(methods.map((each) => [each.method, each]));
    const largest = Math.max(...scale.filter(({ outcome }) => outcome === 'measured').map((point) => point.count));
    const where = [machine.cpu, `${machine.cores} cores`, machine.file_system].filter(Boolean).join(', ');
    setText(
      find('recommendations_from'),
      `The recommendations follow by rule from writes of 10 to ${count(largest)} records on ${where}, measured on ` +
        `${started.slice(0, 10)} by load/compare.py --scale; its report has the rules and the figures.`,
    );
    this.drawRecommendations();
  }

  drawRecommendations() {
    for (const [name, found] of Object.entries(this.recommendations)) {
      const place = document.getElementById(`use_${name}`); // absent until the service has named its methods
      if (!place) continue;
      setText(place, recommendationText(found));
      place.title = found.reason;
    }
  }

  showMethods(methods) {
    this.buttons = methods.map(({ name }) => {
      const button = make(
        'button',
        { type: 'button', id: `run_${name}`, 'aria-describedby': `shows_${name}` },
        'Run ',
        make('b', {}, name),
      );
      button.addEventListener('click', () => this.onRun(name));
      return button;
    });
    find('methods').replaceChildren(
      ...methods.map(({ name, shows }, i) =>
        make(
          'li',
          {},
          this.buttons[i],
          make('div', {}, make('p', { id: `shows_${name}` }, shows), make('p', { id: `use_${name}`, class: 'use' })),
        ),
      ),
    );
    find('methods_waiting').hidden = true;
    this.drawRecommendations();
  }

  /** While a write of this page runs, no other write starts: their measurements would mix. */
  setBusy(busy, method = null) {
    for (const button of this.buttons) {
      button.setAttribute('aria-disabled', String(busy));
      button.classList.toggle('running', busy && button.id === `run_${method}`);
    }
    find('stop').hidden = !busy;
  }

  /** The browser shows invalid parameters and says what is allowed. */
  valid() {
    return find('parameters').reportValidity();
  }
}
