import { find, make } from './dom.js';
import { methods } from './methods.js';

const fields = ['count', 'repeat', 'io', 'high_water_mark', 'slice_us', 'durability', 'verify'];

/** The parameters of writes, and a button per method that says beforehand what it is about to show. */
export class run_form {
  constructor(state, { on_run, on_change }) {
    this.buttons = methods.map(({ name, shows }) => {
      const button = make('button', { type: 'button', id: `run_${name}`, 'aria-describedby': `shows_${name}` },
        'Run ', make('b', {}, name));
      button.addEventListener('click', () => on_run(name));
      find('methods').append(make('li', {}, button, make('p', { id: `shows_${name}` }, shows)));
      return button;
    });
    for (const name of fields) {
      const field = find(`field_${name}`);
      field.value = state[name];
      field.addEventListener('input', () => {
        if (field.validity.valid) on_change(name, field.value);
      });
    }
    find('parameters').addEventListener('submit', (event) => event.preventDefault());
  }

  /** While a write of this page runs, no other is started: their figures would mix. */
  set_busy(busy, method = null) {
    for (const button of this.buttons) {
      button.setAttribute('aria-disabled', String(busy));
      button.classList.toggle('running', busy && button.id === `run_${method}`);
    }
    find('stop').hidden = !busy;
  }

  /** Invalid parameters are shown by the browser, which says what is allowed. */
  valid() {
    return find('parameters').reportValidity();
  }
}
