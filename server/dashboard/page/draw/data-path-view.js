// SPDX-License-Identifier: MIT

import { hasBuffer, meanCycle, runFigures, stages } from './data-path.js';
import { find, make, setText } from './dom.js';
import * as format from './format.js';

const traceWidth = 320;
const traceHeight = 72;
const svg = 'http://www.w3.org/2000/svg';

const whereText = { loop: 'on the loop', pool: 'pool thread', kernel: 'kernel', device: 'device' };

/** Points of a buffer trace in the drawing's coordinates; the high-water mark is a quarter below the top. */
function tracePoints(readings, highWaterMark) {
  const last = readings.at(-1)[0] || 1;
  const top = (highWaterMark * 4) / 3;
  const x = (us) => ((us / last) * traceWidth).toFixed(1);
  const y = (bytes) => (traceHeight * (1 - Math.min(1, bytes / top))).toFixed(1);
  return readings.map(([us, bytes]) => `${x(us)},${y(bytes)}`).join(' ');
}

/** A mean cycle as readings. Bytes count as buffered until they are written: a rise, a plateau, then a fall. */
function cycleReadings({ fillUs, waitUs }, highWaterMark) {
  return [
    [0, 0],
    [fillUs, highWaterMark],
    [fillUs + waitUs, highWaterMark],
    [fillUs + waitUs, 0],
  ];
}

function bufferText(cycle, spanUs, isTrace) {
  const source = isTrace ? 'The buffer over the last' : "The buffer's mean cycle in this run, over";
  const mean = cycle
    ? ` ${format.plural(cycle.drains, 'drain')} so far; on average the buffer fills in ${Math.round(cycle.fillUs)} µs ` +
      `and takes ${Math.round(cycle.waitUs)} µs to drain.`
    : '';
  return `${source} ${Math.round(spanUs)} µs. The dashed line is its high-water mark.${mean}`;
}

/** The data path of one method: the method of the newest run, or the one that the reader chose. */
export class DataPathView {
  constructor() {
    this.list = find('path_stages');
    this.choice = find('path_method');
    this.methods = [];
    this.stageItems = [];
    this.line = document.createElementNS(svg, 'polyline');
    find('buffer_trace').append(this.line);
    this.newestId = null;
  }

  showMethods(methods) {
    this.methods = methods;
    this.choice.replaceChildren(...methods.map(({ name }) => make('option', {}, name)));
  }

  choose(name) {
    if (this.methods.some((each) => each.name === name)) this.choice.value = name;
  }

  /** `running`: the runs of the last sample, `buffer`: its trace; `latest` finds the last result of a method. */
  draw({ running, buffer, pageCache }, latest) {
    const newest = running.at(-1);
    if (newest && newest.id !== this.newestId) {
      this.newestId = newest.id;
      this.choose(newest.method);
    }
    const method = this.methods.find(({ name }) => name === this.choice.value);
    if (!method) return;
    const run = running.findLast((each) => each.method === method.name);
    const figures = runFigures(run, latest(method.name));
    for (const [i, stage] of stages(method, figures, pageCache).entries()) this.drawStage(this.itemAt(i), stage);
    setText(
      find('path_when'),
      !figures ? 'not run yet: press its button' : figures.live ? 'the running write' : 'the last run',
    );
    const filling = run && buffer?.run === run.id && buffer.readings.some(([, bytes]) => bytes > 0);
    this.drawBuffer(method, figures, filling ? buffer.readings : null);
  }

  itemAt(i) {
    if (!this.stageItems[i]) {
      this.stageItems[i] = make(
        'li',
        {},
        make('span', { class: 'where' }),
        make('b', { class: 'stage' }),
        make('span', { class: 'figure' }),
        make('meter', { min: 0, max: 1, 'aria-hidden': 'true' }),
        make('span', { class: 'note' }),
      );
      this.list.append(this.stageItems[i]);
    }
    return this.stageItems[i];
  }

  drawStage(item, { name, where, figure, note, level }) {
    item.dataset.where = where;
    setText(item.querySelector('.where'), whereText[where]);
    setText(item.querySelector('.stage'), name);
    setText(item.querySelector('.figure'), figure);
    setText(item.querySelector('.note'), note);
    const meter = item.querySelector('meter');
    meter.hidden = level === null;
    if (level !== null) meter.value = Math.min(1, level);
  }

  drawBuffer(method, figures, trace) {
    const cycle = hasBuffer(method) ? meanCycle(figures) : null;
    const shown = hasBuffer(method) && Boolean(cycle || trace);
    find('path_buffer').hidden = !shown;
    if (!shown) return;
    const readings = trace ?? cycleReadings(cycle, figures.highWaterMark);
    this.line.setAttribute('points', tracePoints(readings, figures.highWaterMark));
    setText(find('buffer_text'), bufferText(cycle, readings.at(-1)[0], trace !== null));
  }
}
