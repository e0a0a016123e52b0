// SPDX-License-Identifier: MIT

const windowMs = 1000;

/** What the loops of a watched program did in the last second, from the samples of /events. */
export class LoopLog {
  constructor() {
    this.readings = new Map(); // by the loop's name: the readings of the last second, oldest first
    this.all = [];
  }

  /**
   * Takes a sample. all: { name, pid, stalledMs, stalls, longestMs, turnsPerS, busy } of each loop. busy is time in turns
   * per time, summed over the loop's threads. The last two are null until there are two samples.
   */
  note(sample) {
    const kept = new Map();
    this.all = sample.loops
      .filter((loop) => loop.turns)
      .map((loop) => {
        const readings = [...(this.readings.get(loop.name) ?? []), read(loop, sample.monotonic_ms)];
        while (readings.length > 2 && readings.at(-1).at - readings[1].at >= windowMs) readings.shift();
        kept.set(loop.name, readings);
        return toLoop(loop, readings[0], readings.at(-1));
      });
    this.readings = kept;
  }

  /** The maximum of busy; null where none is known. */
  get busiest() {
    const known = this.all.map(({ busy }) => busy).filter((busy) => busy !== null);
    return known.length > 0 ? Math.max(...known) : null;
  }
}

// Only turns that have ended are counted; the one that is a stall now is added.
function read({ turns, stalled_for_ms: stalledMs }, at) {
  return { at, count: turns.count, busyMs: turns.sum_ms + stalledMs };
}

function toLoop(loop, first, last) {
  const elapsed = last.at - first.at;
  const rate = (difference) => (elapsed > 0 ? Math.max(0, difference) / elapsed : null);
  return {
    name: loop.name,
    pid: loop.pid ?? null,
    stalledMs: loop.stalled_for_ms,
    stalls: loop.stalls,
    longestMs: loop.turns.max_ms,
    turnsPerS: elapsed > 0 ? rate(last.count - first.count) * 1000 : null,
    busy: rate(last.busyMs - first.busyMs),
  };
}
