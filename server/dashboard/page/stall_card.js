import { now } from './clock.js';
import { find, make, set_text } from './dom.js';
import * as format from './format.js';

const verdicts = {
  on_cpu: 'on CPU: the loop\'s thread was computing or making system calls without a pause',
  off_cpu: 'off CPU: the loop\'s thread slept in a system call or on a lock',
  run_queue: 'in the run queue: the thread could run, but others had the CPU',
  throttled: 'throttled: the cgroup\'s CPU quota was used up',
  descheduled: 'descheduled: the machine itself stood still; no code is to blame',
};

export const place = (frame) => (frame?.file ? `${frame.file}${frame.line ? `:${frame.line}` : ''}` : null);

/** What is worth saying of a stall, as [name, text] pairs; `stall` as /stalls or a sample shows it. */
export function facts(stall, waiting) {
  const out = [];
  const frame = stall.culprit;
  out.push(['function', frame?.function ?? stall.no_stack_reason ?? 'not known yet']);
  if (place(frame)) out.push(['file and line', place(frame)]);
  out.push(['verdict', verdicts[stall.verdict] ?? stall.verdict]);
  if (stall.syscall) out.push(['system call', [stall.syscall, stall.path].filter(Boolean).join(' on ')]);
  if (stall.request) out.push(['request', `${stall.request.route}?${stall.request.query}`.replace(/\?$/, '')]);
  const victims = [];
  if (stall.delayed_requests?.count > 0)
    victims.push(`${format.plural(stall.delayed_requests.count, 'request')} delayed by up to ${format.ms(stall.delayed_requests.max_ms)}`);
  if (stall.in_progress && waiting.count > 0)
    victims.push(`${format.plural(waiting.count, 'request')} of this browser waiting, the oldest for ${format.ms(waiting.oldest_ms)}`);
  if (victims.length > 0) out.push(['victims', victims.join('; ')]);
  if (stall.cpu_ms !== null && stall.cpu_ms !== undefined)
    out.push([stall.in_progress ? `the first ${format.ms(stall.known_until_ms)}` : 'where the time went', `${format.ms(stall.cpu_ms)} on CPU, ${format.ms(stall.run_queue_ms)} in the run queue, ${format.ms(stall.off_cpu_ms)} off CPU`]);
  return out;
}

/** The stall in progress, or the last one, in words; its stack comes from /stalls. */
export class stall_card {
  constructor() {
    this.card = find('stall');
    this.full = null; // the record of /stalls
    this.asked = null; // what was asked for: id, and whether it had ended
  }

  /** `stall` of the stall book; `waiting` of the /hello log. */
  draw(stall, waiting) {
    this.card.classList.toggle('now', Boolean(stall?.in_progress));
    find('stall_none').hidden = Boolean(stall);
    find('stall_body').hidden = !stall;
    set_text(find('stall_title'), !stall ? 'No stall yet'
      : stall.in_progress ? `Blocked now: ${format.ms(stall.duration_ms)}`
        : `Stall of ${format.ms(stall.duration_ms)} at ${format.clock(Date.parse(stall.started))}`);
    if (!stall) return;
    this.fetch_record(stall);
    const record = this.full && this.full.id === stall.id && this.full.loop === stall.loop ? this.full : null;
    set_text(find('stall_sentence'), stall.sentence ?? '');
    this.draw_facts(facts({ ...record, ...stall, known_until_ms: record?.duration_ms }, waiting));
    this.draw_stack(record?.stack ?? []);
  }

  draw_facts(all) {
    const list = find('stall_facts');
    while (list.children.length > 2 * all.length) list.lastChild.remove();
    all.forEach(([name, text], i) => {
      if (list.children.length <= 2 * i) list.append(make('dt'), make('dd'));
      set_text(list.children[2 * i], name);
      set_text(list.children[2 * i + 1], text);
    });
  }

  draw_stack(stack) {
    const list = find('stall_stack');
    const lines = stack.map((frame) => [frame.function ?? '?', place(frame) ?? '']);
    const shown = JSON.stringify(lines);
    if (shown === this.shown_stack) return;
    this.shown_stack = shown;
    find('stall_stack_box').hidden = lines.length === 0;
    list.replaceChildren(...lines.map(([name, where]) => make('li', {}, make('code', {}, name), ' ', make('span', {}, where))));
  }

  // When it shows up, once a second while it lasts, and once when those who waited have been counted.
  async fetch_record(stall) {
    const at = now();
    const same = this.asked?.id === stall.id && this.asked.loop === stall.loop;
    const settled = !stall.in_progress && at - stall.started_ms - stall.duration_ms > 1500;
    const outdated = stall.in_progress && at - this.asked?.at > 1000;
    if (same && !(settled && !this.asked.settled) && !outdated) return;
    this.asked = { id: stall.id, loop: stall.loop, settled, at };
    try {
      const answer = await fetch(`stalls?id=${stall.id}`, { cache: 'no-store' });
      const { stalls } = await answer.json();
      const found = stalls.find((each) => each.loop === stall.loop);
      if (found) this.full = found;
    } catch {
      this.asked.at = at; // the service went away; the connection's state says so
    }
  }
}
