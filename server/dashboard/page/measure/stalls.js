// SPDX-License-Identifier: MIT

const maxStalls = 200;

/** The stalls that this page knows, by loop and id. started_ms is on the page's clock, started on the service's. */
export class StallLog {
  constructor() {
    this.byKey = new Map();
    this.current = null; // the one in progress
    this.newest = null;
  }

  /** Takes the stalls of a sample. Returns those that ended. */
  noteSample(sample, toBrowser) {
    const ended = [];
    this.current = null;
    for (const loop of sample.loops) {
      for (const each of [...loop.ended].reverse()) {
        const known = this.byKey.get(keyOf(loop.name, each.id));
        if (known && !known.in_progress) continue;
        ended.push(this.put(loop.name, each, false, toBrowser));
      }
      if (!loop.stall) continue;
      const stall = this.put(loop.name, loop.stall, true, toBrowser);
      if (!this.current || stall.duration_ms > this.current.duration_ms) this.current = stall;
    }
    return ended;
  }

  put(loop, from, inProgress, toBrowser) {
    const stall = { ...from, loop, in_progress: inProgress, started_ms: toBrowser(from.started_monotonic_ms) };
    this.byKey.set(keyOf(loop, from.id), stall);
    if (this.byKey.size > maxStalls) this.byKey.delete(this.byKey.keys().next().value);
    // By the server's clock: started_ms of one stall changes with the clock offset.
    if (!this.newest || stall.started_monotonic_ms >= this.newest.started_monotonic_ms) this.newest = stall;
    return stall;
  }

  /** A new process numbers its stalls from the start. */
  clear() {
    this.byKey.clear();
    this.current = null;
    this.newest = null;
  }

  all() {
    return [...this.byKey.values()];
  }

  /** The stall in progress, or else the newest or the longest one. */
  shown(choice) {
    if (this.current || choice !== 'longest') return this.current ?? this.newest;
    return this.all().reduce(
      (longest, each) => (!longest || each.duration_ms > longest.duration_ms ? each : longest),
      null,
    );
  }

  /** The stalls that overlap a span, as [from, to]. */
  bands(from, to) {
    return this.all()
      .map(({ started_ms, duration_ms }) => [started_ms, started_ms + duration_ms])
      .filter(([begin, end]) => end >= from && begin <= to);
  }
}

function keyOf(loop, id) {
  return `${loop}:${id}`;
}
