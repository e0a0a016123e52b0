// SPDX-License-Identifier: MIT

/** The element with this id. Throws if there is none: this is a defect of the page. */
export function find(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}

/** make('td', { class: 'number' }, 'text', child, ...) */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Changes the page only if the text differs, so that the reader's selection stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
