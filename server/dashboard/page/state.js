// SPDX-License-Identifier: MIT

/** The choices of the reader that a link carries, and their defaults. */
export const defaults = {
  method: 'sync',
  count: '1000000',
  repeat: 'once',
  io: 'auto',
  high_water_mark: '65536',
  slice_us: '500',
  durability: 'cache',
  verify: 'true',
  theme: 'auto',
  window_s: '60',
  data_port: '',
};

const digits = /^[0-9]{1,12}$/;
const allowed = {
  method: (value) => /^[a-z][a-z0-9_-]{0,31}$/.test(value),
  count: (value) => digits.test(value),
  repeat: (value) => ['once', '3s'].includes(value),
  io: (value) => ['auto', 'threads', 'uring'].includes(value),
  high_water_mark: (value) => digits.test(value),
  slice_us: (value) => digits.test(value),
  durability: (value) => ['cache', 'disk'].includes(value),
  verify: (value) => ['true', 'false'].includes(value),
  theme: (value) => ['auto', 'light', 'dark'].includes(value),
  window_s: (value) => ['10', '60', '300', '600'].includes(value),
  data_port: (value) => digits.test(value) && Number(value) < 65536,
};

/** Reads the page's query string. A value that is not valid keeps its default. */
export function fromQuery(query) {
  const state = { ...defaults };
  for (const [key, value] of new URLSearchParams(query)) {
    if (Object.hasOwn(allowed, key) && allowed[key](value)) state[key] = value;
  }
  return state;
}

/** The query string of a link: only the values that differ from the defaults. */
export function toQuery(state) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (Object.hasOwn(allowed, key) && value !== defaults[key]) query.set(key, value);
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

/** Where the admin plane passes requests on to the data plane. `page`: the address of the page. */
export function relayUrl(page) {
  return new URL('relay', page).href;
}

/** The address of the data plane: the page's host, and the port that the service listens on or the given one. */
export function dataPlaneUrl(location, listen, dataPort = '') {
  const port = dataPort || listen.slice(listen.lastIndexOf(':') + 1);
  return `${location.protocol}//${location.hostname}:${port}`;
}
