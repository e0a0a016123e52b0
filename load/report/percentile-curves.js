// SPDX-License-Identifier: MIT

'use strict';
// Latency over 1 / (1 - share): as a closed-loop tool recorded it, as it corrected it, and in open loop.

report.percentileCurves = (repeat) => {
  const { chart, units } = report;
  const curves = [
    { key: 'raw', label: 'wrk, as recorded', dash: [2, 4], curve: repeat.wrk?.raw_curve },
    { key: 'corrected', label: 'wrk, corrected by wrk', dash: [8, 5], curve: repeat.wrk?.corrected_curve },
    { key: 'open', label: 'open loop, from the due time', dash: null, curve: repeat.open_loop_curve },
  ].filter(({ curve }) => curve && curve.x.length > 0);

  const share = (x) => {
    const nines = 100 * (1 - 1 / x);
    return x < 1.5 ? '0 %' : `${Number(nines.toFixed(Math.max(0, Math.ceil(Math.log10(x)) - 1)))} %`;
  };
  // The curves have values at different shares: a row for each share, empty where a curve has none.
  const build = () => {
    const rows = new Map();
    curves.forEach(({ curve }, column) => {
      curve.x.forEach((x, i) => {
        if (!rows.has(x)) rows.set(x, [x, ...curves.map(() => null)]);
        rows.get(x)[column + 1] = curve.us[i];
      });
    });
    return {
      x: { label: 'share within', words: share, log: true },
      y: { words: units.durationOfUs, axisWords: units.tick, log: true },
      series: curves.map(({ key, label, dash }) => ({ label, dash, colour: key })),
      rows: [...rows.values()].sort(([a], [b]) => a - b),
    };
  };

  const at = (curve, x) => {
    if (curve.x.at(-1) < x) return null;
    return curve.us[curve.x.findIndex((each) => each > x * 0.99)];
  };
  const rows = [
    [2, 'p50'],
    [10, 'p90'],
    [100, 'p99'],
    [1000, 'p99.9'],
  ].map(([x, name]) => [name, ...curves.map(({ curve }) => units.durationOfUs(at(curve, x)))]);
  rows.push(['max', ...curves.map(({ curve }) => units.durationOfUs(curve.us.at(-1)))]);
  rows.push(['samples', ...curves.map(({ curve }) => units.count(curve.x.at(-1)))]);
  return chart.figure({
    title: 'Percentiles, measured in three ways',
    build,
    note: 'From the start of the first write to the end of the last, pauses included. wrk has a run of its own.',
    alternative: rows.map(([name, ...cells]) => `${name}: ${cells.join(', ')}`).join('; '),
    table: report.table({ columns: ['/hello', ...curves.map(({ label }) => label)], groups: [{ rows }] }),
  });
};
