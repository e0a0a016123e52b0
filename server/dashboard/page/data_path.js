import * as format from './format.js';

const on_loop = new Set(['sync', 'partition']);

function back_end(method, io) {
  if (on_loop.has(method)) return { name: 'write(2)', where: 'loop', note: 'called by the loop\'s own thread' };
  if (io === 'uring') return { name: 'io_uring', where: 'kernel', note: 'the kernel takes it from the ring' };
  return { name: 'thread pool', where: 'pool', note: method === 'offload' ? 'the whole loop runs here' : 'calls write(2)' };
}

/** The figures of a run, from its progress while it runs, from its report afterwards. */
export function run_figures(method, running, result) {
  if (running) {
    const { progress } = running;
    return { live: true, io: running.io, count: running.count, written: progress.written_records,
      pending_records: progress.pending_records, pending_bytes: progress.pending_bytes,
      pending_peak_records: progress.pending_peak_records, pending_peak_bytes: progress.pending_peak_bytes,
      high_water_mark: progress.high_water_mark, drains: progress.drains, waited_ms: progress.waited_ms,
      elapsed_ms: running.elapsed_ms, syscalls: null };
  }
  const report = result?.report;
  if (!report) return null;
  return { live: false, io: report.io, count: report.count, written: report.count, pending_records: 0, pending_bytes: 0,
    pending_peak_records: report.memory.pending_peak_records, pending_peak_bytes: report.memory.pending_peak_bytes,
    high_water_mark: report.backpressure.high_water_mark, drains: report.backpressure.drains,
    waited_ms: report.backpressure.waited_ms, elapsed_ms: report.timing_ms.completed, syscalls: report.syscalls };
}

function buffer_stage(method, figures) {
  if (method === 'stream') {
    return { name: 'buffer', where: 'loop',
      figure: figures ? format.bytes(figures.live ? figures.pending_bytes : figures.pending_peak_bytes) : '–',
      note: figures ? `${figures.live ? 'now' : 'at most'}, of ${format.bytes(figures.high_water_mark)}` : 'up to the high-water mark',
      level: figures ? (figures.live ? figures.pending_bytes : figures.pending_peak_bytes) / figures.high_water_mark : null };
  }
  if (method === 'callback') {
    return { name: 'queue', where: 'loop',
      figure: figures ? format.count(figures.live ? figures.pending_records : figures.pending_peak_records) : '–',
      note: figures ? `records pending${figures.live ? '' : ' at most'}, ` +
        `${format.bytes(figures.live ? figures.pending_bytes : figures.pending_peak_bytes)}: no bound` : 'records pending, no bound',
      level: figures ? (figures.live ? figures.pending_records : figures.pending_peak_records) / figures.count : null };
  }
  return { name: 'no buffer', where: method === 'offload' ? 'pool' : 'loop',
    figure: figures ? format.count(figures.live ? figures.pending_records : figures.pending_peak_records) : '–',
    note: 'record at a time', level: null };
}

/**
 * The way of a record to the disk: stages with the figures measured there. `page_cache`: the service's outputs as the
 * last sample shows them.
 */
export function stages(method, figures, page_cache) {
  const io = back_end(method, figures?.io);
  return [
    { name: 'record', where: method === 'offload' ? 'pool' : 'loop', figure: figures ? format.count(figures.written) : '–',
      note: figures ? `written of ${format.count(figures.count)}` : 'records', level: figures ? figures.written / figures.count : null },
    buffer_stage(method, figures),
    { ...io, figure: figures?.syscalls ? format.count(figures.syscalls.write) : '–',
      note: figures?.syscalls ? `${io.name === 'write(2)' ? 'calls' : 'writes'}: ${io.note}` : io.note, level: null },
    { name: 'page cache', where: 'kernel', figure: format.bytes(page_cache?.outputs_dirty_bytes),
      note: `dirty, of ${format.bytes(page_cache?.outputs_cached_bytes)} cached`,
      level: page_cache?.outputs_cached_bytes > 0 ? page_cache.outputs_dirty_bytes / page_cache.outputs_cached_bytes : null },
    { name: 'disk', where: 'device', figure: format.bytes(page_cache?.outputs_writeback_bytes),
      note: figures?.syscalls ? `being written back; ${format.plural(figures.syscalls.fsync, 'fsync')}` : 'being written back', level: null },
  ];
}

/** The mean cycle of a stream's buffer, from its counters; null where it has none. */
export function mean_cycle(figures) {
  if (!figures?.drains || figures.waited_ms === null) return null;
  const wait_us = (figures.waited_ms / figures.drains) * 1e3;
  const whole_us = (figures.elapsed_ms / figures.drains) * 1e3;
  return { drains: figures.drains, fill_us: Math.max(0, whole_us - wait_us), wait_us };
}
