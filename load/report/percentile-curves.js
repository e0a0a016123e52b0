'use strict';
// Latency over 1 / (1 - share): as a closed-loop tool recorded it, as it corrected it, and in open loop.

report.percentileCurves = (repeat) => {
  const { chart, theme, units } = report;
  const curves = [
    { key: 'raw', label: 'wrk, as recorded', dash: [2, 4], curve: repeat.wrk?.raw_curve },
    { key: 'corrected', label: 'wrk, corrected by wrk', dash: [8, 5], curve: repeat.wrk?.corrected_curve },
    { key: 'open', label: 'open loop, from the due time', dash: [], curve: repeat.open_loop_curve },
  ].filter(({ curve }) => curve && curve.x.length > 0);

  const share = (x) => {
    const nines = 100 * (1 - 1 / x);
    return x < 1.5 ? '0 %' : `${Number(nines.toFixed(Math.max(0, Math.ceil(Math.log10(x)) - 1)))} %`;
  };
  const build = () => ({
    data: uPlot.join(curves.map(({ curve }) => [curve.x, curve.us])),
    options: {
      scales: { x: { time: false, distr: 3 }, y: chart.logLatency },
      axes: [
        chart.axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : share(tick))) }),
        chart.axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : units.tick(tick))), size: 62 }),
      ],
      series: [
        { label: 'share within', value: (_, x) => (x === null ? '' : share(x)) },
        ...curves.map(({ key, label, dash }) => ({
          label,
          dash,
          width: 2,
          spanGaps: true,
          points: { show: false },
          stroke: () => theme.colour(key),
          value: (_, us) => (us === null ? '' : units.durationOfUs(us)),
        })),
      ],
    },
  });

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
