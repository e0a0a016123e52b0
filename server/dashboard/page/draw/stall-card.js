// SPDX-License-Identifier: MIT

import { now } from '../measure/clock.js';
import { find, make, setText } from './dom.js';
import * as format from './format.js';

const verdicts = {
  on_cpu: "on CPU: the loop's thread was computing or calling the system without a pause",
  off_cpu: "off CPU: the loop's thread waited in a system call or for a lock",
  run_queue: 'run queue: the thread was ready to run, but others had the CPU',
  throttled: "throttled: the cgroup's CPU quota was used up",
  descheduled: 'descheduled: the whole machine was suspended; no code is to blame',
};

export const place = (frame) => (frame?.file ? `${frame.file}${frame.line ? `:${frame.line}` : ''}` : null);

/** The facts about a stall as [name, text] pairs. `stall`: as in /stalls or in a sample. */
export function facts(stall, waiting) {
  const out = [];
  const frame = stall.culprit;
  out.push([
    'function',
    frame?.function ?? stall.no_stack_reason ?? (stall.in_progress ? 'not known yet' : 'not known'),
  ]);
  if (stall.pid) out.push(['process', `${stall.pid}, loop ${stall.loop}`]);
  if (place(frame)) out.push(['file and line', place(frame)]);
  out.push(['verdict', verdicts[stall.verdict] ?? stall.verdict]);
  if (stall.syscall) out.push(['system call', [stall.syscall, stall.path].filter(Boolean).join(' on ')]);
  if (stall.request) out.push(['request', `${stall.request.route}?${stall.request.query}`.replace(/\?$/, '')]);
  const delayed = [];
  if (stall.delayed_requests?.count > 0)
    delayed.push(
      `${format.plural(stall.delayed_requests.count, 'request')} by up to ${format.ms(stall.delayed_requests.max_ms)}`,
    );
  if (stall.in_progress && waiting.count > 0)
    delayed.push(
      `${format.plural(waiting.count, 'request')} of this browser, the oldest for ${format.ms(waiting.oldestMs)}`,
    );
  if (delayed.length > 0) out.push(['delayed', delayed.join('; ')]);
  if (stall.cpu_ms !== null && stall.cpu_ms !== undefined)
    out.push([
      stall.in_progress ? `the first ${format.ms(stall.knownUntilMs)}` : 'where the time went',
      `${format.ms(stall.cpu_ms)} on CPU, ${format.ms(stall.run_queue_ms)} in the run queue, ${format.ms(stall.off_cpu_ms)} off CPU`,
    ]);
  return out;
}

/** The stall in progress or an earlier one. Its stack comes from /stalls. */
export class StallCard {
  constructor() {
    this.card = find('stall');
    this.full = null; // the record of /stalls
    this.fetched = null; // the last fetch: id, loop, time, and whether the stall had ended
  }

  /** `stall`: from the stall log; `waiting`: the pending requests of the /hello log. */
  draw(stall, waiting) {
    this.card.classList.toggle('now', Boolean(stall?.in_progress));
    find('stall_none').hidden = Boolean(stall);
    find('stall_body').hidden = !stall;
    setText(
      find('stall_title'),
      !stall
        ? 'No stall yet'
        : stall.in_progress
          ? `Blocked now: ${format.ms(stall.duration_ms)}`
          : `Stall of ${format.ms(stall.duration_ms)} at ${format.clock(Date.parse(stall.started))}`,
    );
    if (!stall) return;
    this.fetchRecord(stall);
    const record = this.full && this.full.id === stall.id && this.full.loop === stall.loop ? this.full : null;
    setText(find('stall_sentence'), stall.sentence ?? '');
    this.drawFacts(facts({ ...record, ...stall, knownUntilMs: record?.duration_ms }, waiting));
    this.drawStack(record?.stack ?? []);
  }

  drawFacts(all) {
    const list = find('stall_facts');
    while (list.children.length > 2 * all.length) list.lastChild.remove();
    all.forEach(([name, text], i) => {
      if (list.children.length <= 2 * i) list.append(make('dt'), make('dd'));
      setText(list.children[2 * i], name);
      setText(list.children[2 * i + 1], text);
    });
  }

  drawStack(stack) {
    const list = find('stall_stack');
    const lines = stack.map((frame) => [frame.function ?? '?', place(frame) ?? '']);
    const shown = JSON.stringify(lines);
    if (shown === this.shownStack) return;
    this.shownStack = shown;
    find('stall_stack_box').hidden = lines.length === 0;
    list.replaceChildren(
      ...lines.map(([name, where]) => make('li', {}, make('code', {}, name), ' ', make('span', {}, where))),
    );
  }

  // Fetches when the stall appears, once a second while it lasts, and once after the delayed requests are counted.
  async fetchRecord(stall) {
    const at = now();
    const same = this.fetched?.id === stall.id && this.fetched.loop === stall.loop;
    const settled = !stall.in_progress && at - stall.started_ms - stall.duration_ms > 1500;
    const outdated = stall.in_progress && at - this.fetched?.at > 1000;
    if (same && !(settled && !this.fetched.settled) && !outdated) return;
    this.fetched = { id: stall.id, loop: stall.loop, settled, at };
    try {
      const response = await fetch(`stalls?id=${stall.id}`, { cache: 'no-store' });
      const { stalls } = await response.json();
      const found = stalls.find((each) => each.loop === stall.loop);
      if (found) this.full = found;
    } catch {
      this.fetched.at = at; // the status line reports a service that is gone
    }
  }
}
