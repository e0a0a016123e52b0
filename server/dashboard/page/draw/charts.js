// SPDX-License-Identifier: MIT

import { toWall } from '../measure/clock.js';
import { drawBands, drawCursor, drawSelection } from './bands.js';
import { ChartTable } from './chart-table.js';
import { find, make, setText } from './dom.js';
import * as format from './format.js';

const { Dygraph } = globalThis;
// The page has legends of its own, and its policy forbids the library's, which sets style attributes.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const minDragPx = 8;
const logFloorMs = 0.1;

/** The colours for the canvas, from the style sheet. They change with the theme. */
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('muted'),
    grid: read('grid'),
    band: read('band'),
    bandEdge: read('alarm'),
    run: read('line_1'),
    line_1: read('line_1'),
    line_2: read('line_2'),
    line_3: read('line_3'),
    alarm: read('alarm'),
  };
}

/** A logarithmic axis goes from its floor to a power of ten. */
const logTop = (max) => 10 ** Math.ceil(Math.log10(Math.max(10, (max ?? 1) * 1.1)));
const valueRange = ({ log, minTop = 1 }, max) =>
  log ? [logFloorMs, logTop(max)] : [0, Math.max(minTop, (max ?? 0) * 1.15)];
function decades(min, max, _pixels, options) {
  const ticks = [];
  for (let v = logFloorMs; v <= max * 1.001; v *= 10)
    if (v >= min * 0.999) ticks.push({ v, label: options('axisLabelFormatter')(v) });
  return ticks;
}

const columnMax = (column) =>
  column.reduce((max, value) => (value !== null && (max === null || value > max) ? value : max), null);

/** The library wants at least one row. */
const emptyRows = ({ lines }) => [[0, ...lines.map(() => null)]];

/** The row whose time is nearest; null without rows. `times` are in order. */
function nearestRow(times, time) {
  if (times.length === 0) return null;
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time - times[low - 1] < times[low] - time ? low - 1 : low;
}

/** A logarithmic scale has no zero: a smaller value is drawn on the edge of the scale, or not at all. */
function toDrawn(value, { log }, { hidesZero }) {
  if (value === null || (hidesZero && value === 0)) return null;
  return log ? Math.max(logFloorMs, value) : value;
}

/** All charts of the page. They share the time axis, the cursor and the bands of the stalls. */
export class Charts {
  constructor({ stalls, runs, onChoose }) {
    this.colours = readColours();
    this.marks = { stalls, runs };
    this.onChoose = onChoose;
    this.all = [];
    this.cursor = null; // the time of the cursor that all charts share, in ms
    this.drag = null; // the span that is being dragged out: [from, to] in ms
    new ResizeObserver(() => this.fit()).observe(find('charts'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.restyle());
  }

  /** Shows these charts; they stay if they are shown already. */
  show(specs) {
    if (specs.length === this.all.length && specs.every((spec, i) => spec === this.all[i].spec)) return;
    for (const { plot } of this.all) plot.destroy();
    find('charts').replaceChildren();
    this.all = specs.map((spec) => this.build(spec));
  }

  build(spec) {
    const place = make('div', {
      class: `plot ${spec.size ?? ''}`,
      tabindex: 0,
      role: 'img',
      'aria-label': `${spec.title}: a line chart. Its table follows. Arrow keys move the time cursor.`,
    });
    const values = spec.lines.map(() => make('b', { class: 'chart_value' }));
    const legend = make(
      'span',
      { class: 'legend' },
      ...spec.lines.map((line, i) =>
        make('span', { class: `key ${line.style ?? ''}`, 'data-colour': line.colour }, `${line.label} `, values[i]),
      ),
    );
    const table = new ChartTable(
      spec,
      spec.lines.map(({ label }) => label),
    );
    find('charts').append(
      make(
        'figure',
        { id: `chart_${spec.id}`, class: spec.large ? 'large' : null },
        make('figcaption', {}, make('b', { class: 'chart_title' }, spec.title), legend),
        place,
        table.details,
      ),
    );
    const chart = { spec, place, values, table };
    chart.plot = new Dygraph(place, emptyRows(spec), this.options(chart));
    this.listenTo(chart);
    return chart;
  }

  /** The pointer moves the cursor, and a drag across the chart chooses a span of time. */
  listenTo(chart) {
    const { place, plot } = chart;
    const timeAt = (event) => plot.toDataXCoord(plot.eventToDomCoords(event)[0]);
    place.addEventListener('keydown', (event) => this.moveCursor(chart, event));
    place.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      place.setPointerCapture(event.pointerId);
      this.drag = [timeAt(event), timeAt(event)];
    });
    place.addEventListener('pointermove', (event) => {
      this.cursor = timeAt(event);
      if (this.drag) this.drag[1] = this.cursor;
    });
    place.addEventListener('pointerup', () => {
      const [from, to] = (this.drag ?? [0, 0]).sort((a, b) => a - b);
      this.drag = null;
      if (plot.toDomXCoord(to) - plot.toDomXCoord(from) >= minDragPx) this.onChoose(from, to);
    });
    place.addEventListener('pointercancel', () => {
      this.drag = null;
    });
    place.addEventListener('pointerleave', () => {
      this.cursor = null;
    });
  }

  options({ spec }) {
    const { stalls, runs } = this.marks;
    return {
      labels: ['time', ...spec.lines.map(({ label }) => label)],
      dateWindow: [0, 1],
      valueRange: valueRange(spec, null),
      gridLineWidth: 1,
      axisLabelFontSize: 12,
      highlightCircleSize: 4,
      interactionModel: {}, // listenTo() has what the page needs
      underlayCallback: (ctx, area, plot) => {
        drawBands(ctx, area, plot, {
          stalls,
          runs: spec.source === 'hello' ? runs : null,
          colours: this.colours,
        });
        drawSelection(ctx, area, plot, this.drag, this.colours.text);
        drawCursor(ctx, area, plot, this.cursor, this.colours.text);
      },
      axes: {
        x: {
          ticker: Dygraph.dateTicker,
          pixelsPerLabel: 84,
          axisLabelWidth: 64,
          axisLabelFormatter: (time) => format.clock(toWall(Number(time))),
        },
        y: {
          logscale: spec.log ?? false,
          ticker: spec.log ? decades : Dygraph.numericTicks,
          pixelsPerLabel: 34,
          axisLabelWidth: 54,
          axisLabelFormatter: (value) => spec.axisText(value),
        },
      },
      ...this.themed(spec),
    };
  }

  /** The options that change with the theme. */
  themed(spec) {
    return {
      gridLineColor: this.colours.grid,
      axisLineColor: this.colours.grid,
      series: Object.fromEntries(
        spec.lines.map((line) => [
          line.label,
          {
            color: this.colours[line.colour],
            strokeWidth: line.width ?? 2,
            strokePattern: line.dash ?? null,
            fillGraph: line.fill ?? false,
            drawPoints: line.points ?? false,
            pointSize: 2,
          },
        ]),
      ),
    };
  }

  /** Shows the values at the cursor, or else the newest ones. */
  showValues({ spec, values, plot }, data) {
    const row = this.cursor === null ? null : nearestRow(data[0], this.cursor);
    if (row !== null) plot.setSelection(row);
    spec.lines.forEach((line, i) => {
      const column = data[i + 1];
      const newest = () => (line.showsMax ? columnMax(column) : (column.at(-1) ?? column.at(-2)));
      const value = row === null ? newest() : column[row];
      setText(values[i], value === null || value === undefined ? '' : spec.text(value));
    });
  }

  /** The time of the shared cursor in ms; null without a cursor. */
  cursorTime() {
    return this.cursor;
  }

  moveCursor({ plot }, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') this.cursor = null;
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const [from, to] = plot.xAxisRange();
    const moved = (this.cursor ?? to) + (step * (to - from)) / (event.shiftKey ? 12 : 120);
    this.cursor = Math.min(to, Math.max(from, moved));
  }

  /** `read(spec)` returns the columns of a chart for the window [from, to]. Times are in ms. */
  draw(read, from, to) {
    for (const chart of this.all) {
      const { spec, plot, table } = chart;
      const data = read(spec);
      table.draw(data, from, to);
      const columns = data.slice(1).map((column, i) => column.map((value) => toDrawn(value, spec, spec.lines[i])));
      const max = columns.reduce((most, column) => Math.max(most, columnMax(column) ?? 0), 0);
      const rows = data[0].map((time, row) => [time, ...columns.map((column) => column[row])]);
      plot.updateOptions({
        file: rows.length > 0 ? rows : emptyRows(spec),
        dateWindow: [from, to],
        valueRange: valueRange(spec, max),
      });
      this.showValues(chart, [data[0], ...columns]);
    }
  }

  fit() {
    for (const { plot } of this.all) plot.resize();
  }

  restyle() {
    this.colours = readColours();
    for (const { plot, spec } of this.all) plot.updateOptions(this.themed(spec));
  }
}
