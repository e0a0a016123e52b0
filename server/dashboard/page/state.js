import { names } from './methods.js';

/** What a link carries, and what it is when the link does not say. */
export const defaults = {
  method: 'sync', count: '1000000', repeat: 'once', io: 'auto', high_water_mark: '65536', slice_us: '500',
  durability: 'cache', verify: 'true', theme: 'auto', window_s: '60', data_port: '',
};

const digits = /^[0-9]{1,12}$/;
const allowed = {
  method: (value) => names.includes(value),
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

/** A page's query string as state; what is not valid is left at its default. */
export function from_query(query) {
  const state = { ...defaults };
  for (const [key, value] of new URLSearchParams(query)) {
    if (Object.hasOwn(allowed, key) && allowed[key](value)) state[key] = value;
  }
  return state;
}

/** Only what differs from the defaults. */
export function to_query(state) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (Object.hasOwn(allowed, key) && value !== defaults[key]) query.set(key, value);
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

/** The query of one /write. Parameters that the method does not have are left out. */
export function write_query(method, state) {
  const query = new URLSearchParams({ method, count: state.count, verify: state.verify });
  if (state.durability !== defaults.durability) query.set('durability', state.durability);
  if (state.io !== defaults.io && ['promise', 'callback', 'stream'].includes(method)) query.set('io', state.io);
  if (method === 'stream' && state.high_water_mark !== defaults.high_water_mark)
    query.set('high_water_mark', state.high_water_mark);
  if (method === 'partition' && state.slice_us !== defaults.slice_us) query.set('slice_us', state.slice_us);
  return query.toString();
}

/** Where the data plane is, seen from the page: the page's host, and the port that the service listens on. */
export function data_plane_url(location, listen, data_port = '') {
  const port = data_port || listen.slice(listen.lastIndexOf(':') + 1);
  return `${location.protocol}//${location.hostname}:${port}`;
}
