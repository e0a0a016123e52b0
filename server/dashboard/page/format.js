/** Numbers as people read them; null and undefined are a dash: not measured. */

const dash = '–';

export function ms(value) {
  if (value === null || value === undefined) return dash;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  if (value >= 10) return `${Math.round(value)} ms`;
  if (value >= 1) return `${value.toFixed(1)} ms`;
  return `${value.toFixed(2)} ms`;
}

/** A power of ten on an axis. */
export function decade_ms(value) {
  return value >= 1000 ? `${value / 1000} s` : `${Number(value.toPrecision(1))} ms`;
}

export function bytes(value) {
  if (value === null || value === undefined) return dash;
  if (value < 1000) return `${value} B`;
  for (const [unit, size] of [['GB', 1e9], ['MB', 1e6], ['kB', 1e3]]) {
    if (value >= size) return `${(value / size).toFixed(value >= 10 * size ? 0 : 1)} ${unit}`;
  }
  return dash;
}

export function count(value) {
  return value === null || value === undefined ? dash : Math.round(value).toLocaleString('en');
}

export function share(value) {
  return value === null || value === undefined ? dash : `${Math.round(value * 100)} %`;
}

export function clock(ms_since_1970) {
  return new Date(ms_since_1970).toTimeString().slice(0, 8);
}

export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}
