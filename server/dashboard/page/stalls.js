const kept = 200;

/** The stalls that this page knows, by loop and id. started_ms is on the page's clock, started the service's own. */
export class stall_book {
  constructor() {
    this.by_key = new Map();
    this.current = null; // the one in progress
    this.newest = null;
  }

  /** From a sample. Returns what began and what ended with it. */
  note_sample(sample, to_browser) {
    const began = [];
    const ended = [];
    this.current = null;
    for (const loop of sample.loops) {
      for (const each of [...loop.ended].reverse()) {
        const known = this.by_key.get(key(loop.name, each.id));
        if (known && !known.in_progress) continue;
        ended.push(this.put(loop.name, each, false, to_browser));
      }
      if (!loop.stall) continue;
      const is_new = !this.by_key.has(key(loop.name, loop.stall.id));
      const stall = this.put(loop.name, loop.stall, true, to_browser);
      if (is_new) began.push(stall);
      if (!this.current || stall.duration_ms > this.current.duration_ms) this.current = stall;
    }
    return { began, ended };
  }

  put(loop, from, in_progress, to_browser) {
    const stall = { ...from, loop, in_progress, started_ms: to_browser(from.started_monotonic_ms) };
    this.by_key.set(key(loop, from.id), stall);
    if (this.by_key.size > kept) this.by_key.delete(this.by_key.keys().next().value);
    if (!this.newest || stall.started_ms >= this.newest.started_ms) this.newest = stall;
    return stall;
  }

  /** Another process counts from the start again. */
  clear() {
    this.by_key.clear();
    this.current = null;
    this.newest = null;
  }

  all() {
    return [...this.by_key.values()];
  }

  /** The one in progress, or else the newest or the longest of those known. */
  shown(choice) {
    if (this.current || choice !== 'longest') return this.current ?? this.newest;
    return this.all().reduce((most, each) => (!most || each.duration_ms > most.duration_ms ? each : most), null);
  }

  /** Those that touch a span, as [from, to]. */
  bands(from, to) {
    return this.all()
      .map(({ started_ms, duration_ms }) => [started_ms, started_ms + duration_ms])
      .filter(([begin, end]) => end >= from && begin <= to);
  }
}

function key(loop, id) {
  return `${loop}:${id}`;
}
