// SPDX-License-Identifier: MIT

'use strict';
// Colours for the canvas. Lines and bands also differ by dash and hatching, for colour-blind readers.

report.theme = (() => {
  const light = {
    text: '#1b1f24',
    grid: '#e3e7eb',
    open: '#0072b2',
    corrected: '#b35900',
    raw: '#6b7280',
    other: '#00795a',
    write: 'rgba(0, 114, 178, 0.13)',
    stall: '#b34700',
  };
  const dark = {
    text: '#e6e9ec',
    grid: '#2c3339',
    open: '#56b4e9',
    corrected: '#e69f00',
    raw: '#a4adb7',
    other: '#4fd0a8',
    write: 'rgba(86, 180, 233, 0.20)',
    stall: '#ff8a4c',
  };
  const wantsDark = window.matchMedia('(prefers-color-scheme: dark)');
  const listeners = [];
  let printing = false;
  const changed = () => {
    for (const listener of listeners) listener();
  };

  wantsDark.addEventListener('change', changed);
  const onPrint = (begins) => {
    printing = begins;
    if (begins)
      document.querySelectorAll('details').forEach((each) => {
        each.open = true;
      });
    changed();
  };
  window.addEventListener('beforeprint', () => onPrint(true));
  window.addEventListener('afterprint', () => onPrint(false));

  return {
    colour: (name) => (wantsDark.matches && !printing ? dark : light)[name],
    onChange: (listener) => listeners.push(listener),
  };
})();
