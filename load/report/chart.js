// SPDX-License-Identifier: MIT

'use strict';
// A figure with a dygraphs chart: a caption above, a table below, the colours of the theme, and arrow keys.

report.hasCharts = typeof Dygraph !== 'undefined';

report.chart = (() => {
  const { element, theme } = report;

  /** The ticks of a logarithmic axis: powers of ten. */
  function decades(min, max, _pixels, options) {
    const ticks = [];
    for (let power = Math.ceil(Math.log10(min) - 0.001); 10 ** power <= max * 1.001; ++power)
      ticks.push({ v: 10 ** power, label: options('axisLabelFormatter')(10 ** power) });
    return ticks;
  }

  const everyStep = (step) => (_min, max, _pixels, options) =>
    Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => ({
      v: i * step,
      label: options('axisLabelFormatter')(i * step),
    }));

  /** Whole decades around the values. */
  function decadesAround(values) {
    const known = values.filter((value) => value > 0);
    if (known.length === 0) return [1, 1000];
    const [min, max] = known.reduce(
      ([low, high], each) => [Math.min(low, each), Math.max(high, each)],
      [Infinity, -Infinity],
    );
    return [10 ** Math.floor(Math.log10(min)), 10 ** Math.ceil(Math.log10(max * 1.01))];
  }

  // The arrow keys move the cursor, as the pointer does. The legend shows the values at the cursor.
  function listenToKeys(place, plot) {
    let at = 0;
    place.addEventListener('keydown', (event) => {
      const last = plot.numRows() - 1;
      const step = Math.max(1, Math.round(last / 100));
      const wanted = { ArrowRight: at + step, ArrowLeft: at - step, Home: 0, End: last }[event.key];
      if (wanted === undefined) return;
      event.preventDefault();
      at = Math.min(last, Math.max(0, wanted));
      plot.setSelection(at);
    });
  }

  const themed = (series) => ({
    gridLineColor: theme.colour('grid'),
    axisLineColor: theme.colour('grid'),
    series: Object.fromEntries(
      series.map(({ label, colour, dash, dots, steps }) => [
        label,
        {
          color: theme.colour(colour),
          strokePattern: dash ?? null,
          stepPlot: steps ?? false,
          ...(dots ? { strokeWidth: 0, drawPoints: true, pointSize: 1.5 } : {}),
        },
      ]),
    ),
  });

  /**
   * x, y: { label, words (a value as text), axisWords, log, range, ticksEvery (without grid lines) }; series: [{ label, colour, dash, dots,
   * steps }]; rows: [[x, y...]], in the order of x; paint(ctx, area, plot) draws below the lines. A line with steps holds its
   * value until the next one.
   */
  function draw(place, { x, y, series, rows, paint }) {
    const legend = element('div', { class: 'legend' });
    const canvas = element('div', { class: 'canvas' });
    place.append(canvas, legend);
    const labels = [x.label, ...series.map(({ label }) => label)];
    const formatter = ({ words, axisWords }) => ({
      valueFormatter: (value) => words(value),
      axisLabelFormatter: (value) => (axisWords ?? words)(value),
    });
    const plot = new Dygraph(canvas, rows, {
      labels,
      labelsDiv: legend,
      legend: 'always',
      valueRange: y.log ? decadesAround(rows.flatMap((row) => row.slice(1))) : y.range,
      connectSeparatedPoints: true,
      gridLineWidth: 1,
      axisLabelFontSize: 12,
      strokeWidth: 2,
      highlightCircleSize: 4,
      ...(x.log ? { dateWindow: [1, rows.at(-1)[0]] } : {}),
      ...(x.range ? { dateWindow: x.range } : {}),
      underlayCallback: paint ?? null,
      axes: {
        x: { ...formatter(x), ...(x.log ? { logscale: true, ticker: decades } : {}), pixelsPerLabel: 60 },
        y: {
          ...formatter(y),
          logscale: y.log ?? false,
          ticker: y.log ? decades : y.ticksEvery ? everyStep(y.ticksEvery) : Dygraph.numericTicks,
          drawGrid: !y.ticksEvery,
          pixelsPerLabel: 34,
          axisLabelWidth: 58,
        },
      },
      ...themed(series),
    });
    listenToKeys(place, plot);
    new ResizeObserver(() => plot.resize()).observe(canvas);
    theme.onChange(() => plot.updateOptions(themed(series)));
  }

  // title: the caption; alternative: its content in words, for screen readers; build: () => what draw() takes;
  // table: an element.
  function figure({ title, note, alternative, build, table, wide = false }) {
    const place = element('div', {
      class: 'chart',
      tabindex: 0,
      role: 'img',
      'aria-label': `${title}. ${alternative}`,
    });
    const made = element(
      'figure',
      wide ? { class: 'wide' } : {},
      element('figcaption', {}, element('strong', {}, title), note ? ` ${note}` : null),
      report.hasCharts ? place : null,
      table,
    );
    if (report.hasCharts) report.afterLayout(() => draw(place, build()));
    return made;
  }

  return { figure };
})();

// A chart needs the width of its place, which is known after the layout.
report.waiting = [];
report.afterLayout = (work) => report.waiting.push(work);
