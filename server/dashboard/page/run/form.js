import { find, make, setText } from '../draw/dom.js';

const fields = ['count', 'repeat', 'io', 'high_water_mark', 'slice_us', 'durability', 'verify'];

/** The parameters of a write, and for each method a button and a sentence about what its run will show. */
export class RunForm {
  constructor(state, { onRun, onChange }) {
    this.onRun = onRun;
    this.buttons = [];
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
        make('li', {}, this.buttons[i], make('p', { id: `shows_${name}` }, shows)),
      ),
    );
    find('methods_waiting').hidden = true;
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
