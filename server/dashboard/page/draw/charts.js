import { toWall } from '../measure/clock.js';
import { bandsPlugin } from './bands.js';
import { ChartTable } from './chart-table.js';
import { find, make, setText } from './dom.js';
import * as format from './format.js';

const syncKey = 'time';
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
    alarmFill: read('band'),
  };
}

const logRange = (_, __, max) => [logFloorMs, 10 ** Math.ceil(Math.log10(Math.max(10, (max ?? 1) * 1.1)))];
const decades = (_, __, min, max) => {
  const out = [];
  for (let value = min; value <= max * 1.001; value *= 10) out.push(value);
  return out;
};
const zeroRange = (minTop) => (_, __, max) => [0, Math.max(minTop, (max ?? 0) * 1.15)];

const columnMax = (column) =>
  column.reduce((max, value) => (value !== null && (max === null || value > max) ? value : max), null);

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
      class: 'plot',
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
    chart.plot = new globalThis.uPlot(this.options(chart), this.empty(spec), place);
    place.addEventListener('keydown', (event) => this.moveCursor(chart, event));
    return chart;
  }

  empty(spec) {
    return [[], ...spec.lines.map(() => [])];
  }

  options({ spec, place, values }) {
    const { stalls, runs } = this.marks;
    const axis = {
      stroke: () => this.colours.text,
      grid: { stroke: () => this.colours.grid, width: 1 },
      ticks: { stroke: () => this.colours.grid, width: 1 },
      font: '12px system-ui, sans-serif',
    };
    return {
      width: Math.max(200, place.clientWidth),
      height: spec.height ?? 150,
      legend: { show: false },
      cursor: { sync: { key: syncKey }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      scales: {
        x: { time: true },
        y: spec.log ? { distr: 3, range: logRange } : { range: zeroRange(spec.minTop ?? 1) },
      },
      axes: [
        { ...axis, size: 32, space: 84, values: (_, splits) => splits.map((at) => format.clock(toWall(at * 1e3))) },
        {
          ...axis,
          size: 62,
          values: (_, splits) => splits.map((y) => (y === null ? '' : spec.axisText(y))),
          space: 34,
          splits: spec.log ? decades : undefined,
        },
      ],
      series: [
        {},
        ...spec.lines.map((line) => ({
          label: line.label,
          stroke: () => this.colours[line.colour],
          width: line.width ?? 2,
          dash: line.dash,
          fill: line.fill ? () => this.colours.alarmFill : undefined,
          spanGaps: false,
          points: { show: line.points ?? false, size: line.points ? 5 : 0, fill: () => this.colours[line.colour] },
        })),
      ],
      plugins: [bandsPlugin({ stalls, runs: spec.source === 'hello' ? runs : null, colours: () => this.colours })],
      hooks: {
        setSelect: [
          (u) => {
            if (u.select.width < 8) return;
            this.onChoose(u.posToVal(u.select.left, 'x') * 1e3, u.posToVal(u.select.left + u.select.width, 'x') * 1e3);
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [(u) => this.showValues(spec, values, u)],
      },
    };
  }

  /** Shows the values at the cursor, or else the newest ones. */
  showValues(spec, outputs, u) {
    const at = u.cursor.idx;
    spec.lines.forEach((line, i) => {
      const column = u.data[i + 1];
      const newest = () => (line.showsMax ? columnMax(column) : (column.at(-1) ?? column.at(-2)));
      const value = at === null || at === undefined ? newest() : column[at];
      setText(outputs[i], value === null || value === undefined ? '' : spec.text(value));
    });
  }

  /** The time of the shared cursor in ms; null without a cursor. */
  cursorTime() {
    const plot = this.all[0]?.plot;
    return plot?.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, 'x') * 1e3 : null;
  }

  moveCursor({ plot }, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') plot.setCursor({ left: -10, top: -10 }, true, true);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const width = plot.over.clientWidth;
    const from = plot.cursor.left >= 0 ? plot.cursor.left : width;
    const left = Math.min(width, Math.max(0, from + (step * width) / (event.shiftKey ? 12 : 120)));
    plot.setCursor({ left, top: plot.over.clientHeight / 2 }, true, true);
  }

  /** `read(spec)` returns the columns of a chart for the window [from, to]. Times are in ms. */
  draw(read, from, to) {
    for (const chart of this.all) {
      const data = read(chart.spec);
      chart.table.draw(data, from, to);
      const drawn = data
        .slice(1)
        .map((column, i) => column.map((value) => toDrawn(value, chart.spec, chart.spec.lines[i])));
      chart.plot.setData([data[0].map((time) => time / 1e3), ...drawn], false);
      chart.plot.setScale('x', { min: from / 1e3, max: to / 1e3 });
      this.showValues(chart.spec, chart.values, chart.plot);
    }
  }

  fit() {
    for (const { plot, place } of this.all) {
      const width = place.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }

  restyle() {
    this.colours = readColours();
    for (const { plot } of this.all) plot.redraw(false, true);
  }
}
