import { mean_cycle, run_figures, stages } from './data_path.js';
import { find, make, set_text } from './dom.js';
import * as format from './format.js';
import { names } from './methods.js';

const trace_width = 320;
const trace_height = 72;
const svg = 'http://www.w3.org/2000/svg';

const where_text = { loop: 'on the loop', pool: 'pool thread', kernel: 'kernel', device: 'device' };

/** Points of a buffer trace in the drawing's coordinates; the mark lies at a quarter from the top. */
function trace_points(readings, high_water_mark) {
  const last = readings.at(-1)[0] || 1;
  const top = high_water_mark * 4 / 3;
  return readings.map(([us, bytes]) =>
    `${((us / last) * trace_width).toFixed(1)},${(trace_height * (1 - Math.min(1, bytes / top))).toFixed(1)}`).join(' ');
}

/** One method's data path: which one follows the run under way, or the reader's choice. */
export class data_path_view {
  constructor() {
    this.list = find('path_stages');
    this.choice = find('path_method');
    this.choice.append(...names.map((name) => make('option', {}, name)));
    this.stage_items = stages('sync', null, null).map(() => {
      const item = make('li', {}, make('span', { class: 'where' }), make('b', { class: 'stage' }),
        make('span', { class: 'figure' }), make('meter', { min: 0, max: 1, 'aria-hidden': 'true' }),
        make('span', { class: 'note' }));
      this.list.append(item);
      return item;
    });
    this.line = document.createElementNS(svg, 'polyline');
    find('buffer_trace').append(this.line);
    this.followed = null;
  }

  choose(method) {
    this.choice.value = method;
  }

  /** `running`: the runs of the last sample, `buffer` its trace; `latest` finds the last result of a method. */
  draw({ running, buffer, page_cache }, latest) {
    const newest = running.at(-1);
    if (newest && newest.id !== this.followed) {
      this.followed = newest.id;
      this.choose(newest.method);
    }
    const method = this.choice.value;
    const run = running.findLast((each) => each.method === method);
    const figures = run_figures(method, run, latest(method));
    stages(method, figures, page_cache).forEach((stage, i) => this.draw_stage(this.stage_items[i], stage));
    set_text(find('path_when'), !figures ? 'not run yet: press its button' : figures.live ? 'now, while it runs' : 'of its last run');
    const filling = run && buffer?.run === run.id && buffer.readings.some(([, bytes]) => bytes > 0);
    this.draw_buffer(method, figures, filling ? buffer : null);
  }

  draw_stage(item, { name, where, figure, note, level }) {
    item.dataset.where = where;
    set_text(item.querySelector('.where'), where_text[where]);
    set_text(item.querySelector('.stage'), name);
    set_text(item.querySelector('.figure'), figure);
    set_text(item.querySelector('.note'), note);
    const meter = item.querySelector('meter');
    meter.hidden = level === null;
    if (level !== null) meter.value = Math.min(1, level);
  }

  draw_buffer(method, figures, trace) {
    const cycle = method === 'stream' ? mean_cycle(figures) : null;
    find('path_buffer').hidden = method !== 'stream' || !(cycle || trace);
    if (find('path_buffer').hidden) return;
    const readings = trace?.readings ??
      // What is being written counts as buffered until it is written: a plateau, then a fall.
      [[0, 0], [cycle.fill_us, figures.high_water_mark], [cycle.fill_us + cycle.wait_us, figures.high_water_mark], [cycle.fill_us + cycle.wait_us, 0]];
    this.line.setAttribute('points', trace_points(readings, figures.high_water_mark));
    const span = `${Math.round(readings.at(-1)[0])} µs`;
    const mean = cycle ? `${format.plural(cycle.drains, 'drain')} so far; on average a buffer fills in ` +
      `${Math.round(cycle.fill_us)} µs and waits ${Math.round(cycle.wait_us)} µs until it has drained.` : '';
    set_text(find('buffer_text'), trace
      ? `The buffer as it was read over ${span} just now; the dashed line is its high-water mark. ${mean}`
      : `A cycle of the buffer, the mean of the run, ${span} long; the dashed line is its high-water mark. ${mean}`);
  }
}
