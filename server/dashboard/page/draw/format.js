// SPDX-License-Identifier: MIT

// Numbers as people read them. A figure that was not measured (null, undefined) is a dash.
import './units.js'; // the report's: a classic script, which sets globalThis.units

const { duration } = globalThis.units;
const dash = '–';
const isMissing = (value) => value === null || value === undefined;

export function ms(value) {
  return isMissing(value) ? dash : duration(value);
}

/** A power of ten on an axis. */
export function decadeMs(value) {
  return value >= 1000 ? `${value / 1000} s` : `${Number(value.toPrecision(1))} ms`;
}

export function bytes(value) {
  if (isMissing(value)) return dash;
  if (value < 1000) return `${value} B`;
  const [unit, size] = value >= 1e9 ? ['GB', 1e9] : value >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  return `${(value / size).toFixed(value >= 10 * size ? 0 : 1)} ${unit}`;
}

export function count(value) {
  return isMissing(value) ? dash : Math.round(value).toLocaleString('en');
}

export function share(value) {
  return isMissing(value) ? dash : `${Math.round(value * 100)} %`;
}

export function clock(msSince1970) {
  return new Date(msSince1970).toTimeString().slice(0, 8);
}

export function plural(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}
