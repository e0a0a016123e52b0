// SPDX-License-Identifier: MIT

import * as format from './format.js';

/**
 * The figures of a run: from its progress while it runs, from its report afterwards; null when there is neither.
 *
 * pendingBytes and pendingRecords are the current values of a running write and the peaks of a finished one.
 */
export function runFigures(running, result) {
  if (running) {
    const { progress } = running;
    return {
      live: true,
      io: running.io,
      count: running.count,
      written: progress.written_records,
      pendingRecords: progress.pending_records,
      pendingBytes: progress.pending_bytes,
      highWaterMark: progress.high_water_mark,
      drains: progress.drains,
      waitedMs: progress.waited_ms,
      elapsedMs: running.elapsed_ms,
      syscalls: null,
      copies: null,
    };
  }
  const report = result?.report;
  if (!report) return null;
  return {
    live: false,
    io: report.io,
    count: report.count,
    written: report.count,
    pendingRecords: report.memory.pending_peak_records,
    pendingBytes: report.memory.pending_peak_bytes,
    highWaterMark: report.backpressure.high_water_mark,
    drains: report.backpressure.drains,
    waitedMs: report.backpressure.waited_ms,
    elapsedMs: report.timing_ms.completed,
    syscalls: report.syscalls,
    copies: report.copies_per_record,
  };
}

/** A method that takes the thread pool and no other back end runs there as a whole. */
const runsOnPool = ({ backEnds }) => backEnds.length === 1 && backEnds[0] === 'threads';

export const hasBuffer = ({ defaults }) => 'high_water_mark' in defaults;

function backEnd(method, io) {
  if (method.backEnds.length === 0) return { name: 'write(2)', where: 'loop', note: "called by the loop's own thread" };
  if (io === 'uring') return { name: 'io_uring', where: 'kernel', note: 'the kernel takes writes from the ring' };
  return {
    name: 'thread pool',
    where: 'pool',
    note: runsOnPool(method) ? 'the whole method runs here' : 'calls write(2)',
  };
}

function bufferStage(method, figures, where) {
  const when = figures?.live ? 'now' : 'at most';
  if (hasBuffer(method)) {
    return {
      name: 'buffer',
      where,
      figure: format.bytes(figures?.pendingBytes),
      note: figures ? `${when}, of ${format.bytes(figures.highWaterMark)}` : 'up to the high-water mark',
      level: figures ? figures.pendingBytes / figures.highWaterMark : null,
    };
  }
  if (method.loop === 'stressed') {
    return {
      name: 'queue',
      where,
      figure: format.count(figures?.pendingRecords),
      note: figures
        ? `records pending ${when}, ${format.bytes(figures.pendingBytes)}: no limit`
        : 'records pending, no limit',
      level: figures ? figures.pendingRecords / figures.count : null,
    };
  }
  return {
    name: 'no buffer',
    where,
    figure: format.count(figures?.pendingRecords),
    note: figures ? `records pending ${when}` : 'records pending',
    level: null,
  };
}

function copiesNote(copies) {
  if (copies === undefined || copies === null) return 'of the bytes of each record';
  const own = copies - 1;
  return `of each record: into the page cache${own > 0 ? `, and ${own} before that` : ', none before that'}`;
}

/**
 * The stages of a record's way to the disk, with the figures measured at each. `pageCache`: the service's output files
 * in the last sample.
 */
export function stages(method, figures, pageCache) {
  const io = backEnd(method, figures?.io);
  const where = runsOnPool(method) ? 'pool' : 'loop';
  const cached = pageCache?.outputs_cached_bytes;
  return [
    {
      name: 'record',
      where,
      figure: format.count(figures?.written),
      note: figures ? `written of ${format.count(figures.count)}` : 'records',
      level: figures ? figures.written / figures.count : null,
    },
    bufferStage(method, figures, where),
    {
      ...io,
      figure: format.count(figures?.syscalls?.write),
      note: figures?.syscalls ? `${io.name === 'write(2)' ? 'calls' : 'writes'}: ${io.note}` : io.note,
      level: null,
    },
    {
      name: 'copies',
      where: 'kernel',
      figure: format.count(figures?.copies),
      note: copiesNote(figures?.copies),
      level: null,
    },
    {
      name: 'page cache',
      where: 'kernel',
      figure: format.bytes(pageCache?.outputs_dirty_bytes),
      note: `dirty, of ${format.bytes(cached)} cached`,
      level: cached > 0 ? pageCache.outputs_dirty_bytes / cached : null,
    },
    {
      name: 'disk',
      where: 'device',
      figure: format.bytes(pageCache?.outputs_writeback_bytes),
      note: figures?.syscalls ? `in writeback; ${format.plural(figures.syscalls.fsync, 'fsync')}` : 'in writeback',
      level: null,
    },
  ];
}

/** The mean cycle of a write buffer, from its counters; null for a method without drains. */
export function meanCycle(figures) {
  if (!figures?.drains || figures.waitedMs === null) return null;
  const waitUs = (figures.waitedMs / figures.drains) * 1e3;
  const cycleUs = (figures.elapsedMs / figures.drains) * 1e3;
  return { drains: figures.drains, fillUs: Math.max(0, cycleUs - waitUs), waitUs };
}
