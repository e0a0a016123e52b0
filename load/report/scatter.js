'use strict';
// Every /hello by its due time and latency, over the write windows and the stalls that the server recorded.

report.scatter = (repeat) => {
  const { chart, element, theme, units } = report;
  const zeroMs = repeat.windows_ms[0][0];
  const seconds = (ms) => (ms - zeroMs) / 1000;

  function inPlot(plot, paint) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    paint(ctx, bbox);
    ctx.restore();
  }

  function edges(plot, fromMs, untilMs) {
    const left = plot.valToPos(seconds(fromMs), 'x', true);
    return [left, Math.max(1, plot.valToPos(seconds(untilMs), 'x', true) - left)];
  }

  function hatch(ctx, left, width, { top, height }) {
    const gap = 9 * devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    ctx.beginPath();
    for (let x = Math.floor((left - height) / gap) * gap; x < left + width; x += gap) {
      ctx.moveTo(x, top + height);
      ctx.lineTo(x + height, top);
    }
    ctx.stroke();
    ctx.restore();
  }

  const bands = (plot) =>
    inPlot(plot, (ctx, bbox) => {
      ctx.fillStyle = theme.colour('write');
      for (const [from, until] of repeat.windows_ms) {
        const [left, width] = edges(plot, from, until);
        ctx.fillRect(left, bbox.top, width, bbox.height);
      }
      ctx.strokeStyle = theme.colour('stall');
      ctx.globalAlpha = 0.7;
      ctx.lineWidth = 1.5 * devicePixelRatio;
      for (const stall of repeat.stalls ?? []) {
        hatch(ctx, ...edges(plot, stall.started_ms, stall.started_ms + stall.duration_ms), bbox);
      }
    });

  const build = () => ({
    data: [repeat.points.at_ms.map(seconds), repeat.points.latency_us],
    options: {
      scales: { x: { time: false }, y: chart.logLatency },
      axes: [
        chart.axis({ values: (_, ticks) => ticks.map((tick) => `${tick} s`) }),
        chart.axis({ values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : units.tick(tick))), size: 62 }),
      ],
      series: [
        { label: 'due at', value: (_, at) => (at === null ? '' : `${at.toFixed(2)} s`) },
        {
          label: 'latency of /hello',
          value: (_, us) => units.durationOfUs(us),
          stroke: () => theme.colour('open'),
          paths: () => null,
          points: { show: true, size: 3, width: 1, fill: () => theme.colour('open') },
        },
      ],
      hooks: { drawAxes: [bands] },
    },
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
