import { bands_plugin } from './bands.js';
import { chart_table } from './chart_table.js';
import { to_wall } from './clock.js';
import { find, make, set_text } from './dom.js';
import * as format from './format.js';

const sync_key = 'time';
const log_floor_ms = 0.1;

/** Colours of the canvas, read from the style sheet: they change with the theme. */
function read_colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return { text: of('muted'), grid: of('grid'), band: of('band'), band_edge: of('alarm'), run: of('line_1'),
    line_1: of('line_1'), line_2: of('line_2'), line_3: of('line_3'), alarm: of('alarm'), alarm_fill: of('band') };
}

const log_range = (_, __, max) => [log_floor_ms, 10 ** Math.ceil(Math.log10(Math.max(10, (max ?? 1) * 1.1)))];
const decades = (_, __, min, max) => {
  const out = [];
  for (let value = min; value <= max * 1.001; value *= 10) out.push(value);
  return out;
};
const zero_range = (least) => (_, __, max) => [0, Math.max(least, (max ?? 0) * 1.15)];

const greatest = (column) => column.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);

/** A logarithm has no zero: what is below the scale is drawn on its edge, or not at all. */
function to_drawn(value, { log }, { hides_zero }) {
  if (value === null || (hides_zero && value === 0)) return null;
  return log ? Math.max(log_floor_ms, value) : value;
}

/** All charts of the page: one time axis, one cursor, the same stalls behind each. */
export class charts {
  constructor(specs, { stalls, runs, on_choose }) {
    this.colours = read_colours();
    this.on_choose = on_choose;
    this.all = specs.map((spec) => this.build(spec, stalls, runs));
    new ResizeObserver(() => this.fit()).observe(find('charts'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.restyle());
  }

  build(spec, stalls, runs) {
    const place = make('div', { class: 'plot', tabindex: 0, role: 'img',
      'aria-label': `${spec.title}: a line chart. Its table follows. Arrow keys move the time cursor.` });
    const values = spec.lines.map(() => make('b', { class: 'chart_value' }));
    const legend = make('span', { class: 'legend' }, ...spec.lines.map((line, i) =>
      make('span', { class: `key ${line.style ?? ''}`, 'data-colour': line.colour }, `${line.label} `, values[i])));
    const table = new chart_table(spec, spec.lines.map(({ label }) => label));
    find('charts').append(make('figure', { id: `chart_${spec.id}`, class: spec.large ? 'large' : null },
      make('figcaption', {}, make('b', { class: 'chart_title' }, spec.title), legend), place, table.details));
    const chart = { spec, place, values, table };
    chart.plot = new globalThis.uPlot(this.options(chart, stalls, runs), this.empty(spec), place);
    place.addEventListener('keydown', (event) => this.move_cursor(chart, event));
    return chart;
  }

  empty(spec) {
    return [[], ...spec.lines.map(() => [])];
  }

  options({ spec, place, values }, stalls, runs) {
    const axis = { stroke: () => this.colours.text, grid: { stroke: () => this.colours.grid, width: 1 },
      ticks: { stroke: () => this.colours.grid, width: 1 }, font: '12px system-ui, sans-serif' };
    return {
      width: Math.max(200, place.clientWidth), height: spec.height ?? 150, legend: { show: false },
      cursor: { sync: { key: sync_key }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      scales: { x: { time: true },
        y: spec.log ? { distr: 3, range: log_range } : { range: zero_range(spec.least ?? 1) } },
      axes: [{ ...axis, size: 32, space: 84, values: (_, splits) => splits.map((at) => format.clock(to_wall(at * 1e3))) },
        { ...axis, size: 62, values: (_, splits) => splits.map((y) => (y === null ? '' : spec.axis_text(y))), space: 34,
          splits: spec.log ? decades : undefined }],
      series: [{}, ...spec.lines.map((line) => ({
        label: line.label, stroke: () => this.colours[line.colour], width: line.width ?? 2, dash: line.dash,
        fill: line.fill ? () => this.colours.alarm_fill : undefined, spanGaps: false,
        points: { show: line.points ?? false, size: line.points ? 5 : 0, fill: () => this.colours[line.colour] } }))],
      plugins: [bands_plugin({ stalls, runs: spec.source === 'hello' ? runs : null, colours: () => this.colours })],
      hooks: {
        setSelect: [(u) => {
          if (u.select.width < 8) return;
          this.on_choose(u.posToVal(u.select.left, 'x') * 1e3, u.posToVal(u.select.left + u.select.width, 'x') * 1e3);
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
        setCursor: [(u) => this.show_values(spec, values, u)],
      },
    };
  }

  /** The values at the cursor, or else the newest. */
  show_values(spec, outputs, u) {
    const at = u.cursor.idx;
    spec.lines.forEach((line, i) => {
      const column = u.data[i + 1];
      const newest = () => (line.greatest ? greatest(column) : column.at(-1) ?? column.at(-2));
      const value = at === null || at === undefined ? newest() : column[at];
      set_text(outputs[i], value === null || value === undefined ? '' : spec.text(value));
    });
  }

  /** Where the shared cursor is, in ms; null when it is nowhere. */
  cursor_time() {
    const { plot } = this.all[0];
    return plot.cursor.left >= 0 ? plot.posToVal(plot.cursor.left, 'x') * 1e3 : null;
  }

  move_cursor({ plot }, event) {
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

  /** `read(spec)` gives a spec's columns for the window [from, to], times in ms. */
  draw(read, from, to) {
    for (const chart of this.all) {
      const data = read(chart.spec);
      chart.table.draw(data, from, to);
      const drawn = data.slice(1).map((column, i) => column.map((value) => to_drawn(value, chart.spec, chart.spec.lines[i])));
      chart.plot.setData([data[0].map((time) => time / 1e3), ...drawn], false);
      chart.plot.setScale('x', { min: from / 1e3, max: to / 1e3 });
      this.show_values(chart.spec, chart.values, chart.plot);
    }
  }

  fit() {
    for (const { plot, place } of this.all) {
      const width = place.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }

  restyle() {
    this.colours = read_colours();
    for (const { plot } of this.all) plot.redraw(false, true);
  }
}
