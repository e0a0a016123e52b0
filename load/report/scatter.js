// SPDX-License-Identifier: MIT

'use strict';
// Every /hello by its due time and latency, over the write windows and the stalls that the server recorded.

report.scatter = (repeat) => {
  const { chart, element, theme, units } = report;
  const zeroMs = repeat.windows_ms[0][0];
  const seconds = (ms) => (ms - zeroMs) / 1000;

  function edges(plot, fromMs, untilMs) {
    const left = plot.toDomXCoord(seconds(fromMs));
    return [left, Math.max(1, plot.toDomXCoord(seconds(untilMs)) - left)];
  }

  function hatch(ctx, left, width, { y, h }) {
    const gap = 9;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, y, width, h);
    ctx.clip();
    ctx.beginPath();
    for (let x = Math.floor((left - h) / gap) * gap; x < left + width; x += gap) {
      ctx.moveTo(x, y + h);
      ctx.lineTo(x + h, y);
    }
    ctx.stroke();
    ctx.restore();
  }

  function bands(ctx, area, plot) {
    ctx.save();
    ctx.fillStyle = theme.colour('write');
    for (const [from, until] of repeat.windows_ms) {
      const [left, width] = edges(plot, from, until);
      ctx.fillRect(left, area.y, width, area.h);
    }
    ctx.strokeStyle = theme.colour('stall');
    ctx.globalAlpha = 0.7;
    ctx.lineWidth = 1.5;
    for (const stall of repeat.stalls ?? []) {
      hatch(ctx, ...edges(plot, stall.started_ms, stall.started_ms + stall.duration_ms), area);
    }
    ctx.restore();
  }

  const build = () => ({
    x: { label: 'due at', words: (at) => `${at.toFixed(2)} s`, axisWords: (at) => `${at} s` },
    y: { words: units.durationOfUs, axisWords: units.tick, log: true },
    series: [{ label: 'latency of /hello', colour: 'open', dots: true }],
    rows: repeat.points.at_ms.map((ms, i) => [seconds(ms), repeat.points.latency_us[i]]),
    paint: bands,
  });

  const row = (name, figures) => [
    name,
    units.count(figures.requests),
    ...['p50_us', 'p90_us', 'p99_us', 'p99_9_us', 'max_us'].map((key) => units.durationOfUs(figures[key])),
  ];
  const table = report.table({
    className: 'stack',
    columns: ['/hello', 'requests', 'p50', 'p90', 'p99', 'p99.9', 'max'],
    groups: [{ rows: [row('idle', repeat.idle), row('during a write', repeat.during)] }],
  });

  const shown = repeat.points.at_ms.length;
  const thinned =
    shown < repeat.points.answered
      ? ` The chart shows the slowest requests and a part of the others: ${units.count(shown)} of ` +
        `${units.count(repeat.points.answered)}.`
      : '';
  const stalls =
    repeat.stalls === null
      ? 'This server records no stalls.'
      : `Hatched: a stall, as the server recorded it (${repeat.stalls.length}).`;
  return chart.figure({
    title: 'Latency of each /hello by its due time',
    wide: true,
    build,
    note: `Tinted: a write is running. ${stalls}${thinned}`,
    alternative: `Idle maximum ${units.durationOfUs(repeat.idle.max_us)}, during a write ${units.durationOfUs(repeat.during.max_us)}`,
    table: element('div', {}, table, report.stallList(repeat.stalls)),
  });
};

report.stallList = (stalls) => {
  if (!stalls || stalls.length === 0) return null;
  const { units } = report;
  const rows = stalls.map((stall) => [
    units.duration(stall.duration_ms),
    stall.verdict,
    stall.sentence ?? units.notMeasured,
  ]);
  return report.details(
    `The stalls that the server recorded (${stalls.length})`,
    report.table({
      className: 'words',
      columns: ['stall', 'verdict', 'explanation of the server'],
      groups: [{ rows }],
    }),
  );
};
