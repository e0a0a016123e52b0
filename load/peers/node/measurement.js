// SPDX-License-Identifier: MIT

// The cost of a write for the process: time, memory, CPU, loop delay, garbage collection. Names and units are those of
// loopscope's report, which has no part `node`.

import fs from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';

const resolutionMs = 10;
const timerDueMs = 50; // shorter than a write that blocks; a write that is over by then delays nothing

// Resets the kernel's high-water mark of this process. ru_maxrss is inherited from the parent process.
function resetPeakMemory() {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

function peakMemoryBytes() {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync('/proc/self/status', 'latin1'));
  return found ? Number(found[1]) * 1024 : null;
}

/** The CPU time of this process's main thread until now, which the kernel counts at every tick; null where it is unknown. */
function loopCpuMs() {
  try {
    return Number(fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

/**
 * The time and the CPU time of the phases of a write, which may take turns. The CPU time is that of the whole process:
 * `loop_cpu_ms`, that of the loop's thread, is too coarse for phases that are as short as those of a stream.
 */
class Phases {
  constructor(longOnes) {
    this.found = {};
    this.longOnes = longOnes;
    this.last = this.now();
  }

  now() {
    const { user, system } = process.cpuUsage();
    return {
      time_ms: performance.now(),
      cpu_ms: (user + system) / 1000,
      loop_cpu_ms: this.longOnes ? loopCpuMs() : null,
    };
  }

  /** Adds what was spent since the end of the phase before. */
  end(name) {
    const now = this.now();
    const sum = this.found[name] ?? { time_ms: 0, cpu_ms: 0, loop_cpu_ms: 0 };
    for (const [key, value] of Object.entries(now)) {
      const before = this.last[key];
      sum[key] = value === null || before === null || sum[key] === null ? null : sum[key] + value - before;
    }
    this.found[name] = sum;
    this.last = now;
  }
}

/** The used bytes of V8's heap by space, without the empty ones. */
function heapSpaces() {
  const used = v8.getHeapSpaceStatistics().filter(({ space_used_size: bytes }) => bytes > 0);
  return Object.fromEntries(used.map(({ space_name: name, space_used_size: bytes }) => [name, bytes]));
}

/** Garbage collections: their number and pauses from perf_hooks, the allocated bytes from V8's profiler. */
class Collections {
  constructor() {
    this.pausesMs = [];
    this.observer = new PerformanceObserver((list) => this.take(list.getEntries()));
    this.observer.observe({ entryTypes: ['gc'] });
    this.profiler = v8.GCProfiler ? new v8.GCProfiler() : null; // since Node.js 18.15
    this.profiler?.start();
    this.usedBefore = usedBytes(v8.getHeapStatistics());
  }

  take(entries) {
    for (const { duration } of entries) this.pausesMs.push(duration);
  }

  async finish() {
    const usedAfter = usedBytes(v8.getHeapStatistics());
    const profile = this.profiler?.stop();
    await nextTurn(); // entries reach their observer in a turn of the loop
    this.take(this.observer.takeRecords());
    this.observer.disconnect();
    return {
      gc: {
        count: this.pausesMs.length,
        total_ms: this.pausesMs.reduce((sum, each) => sum + each, 0),
        longest_ms: this.pausesMs.length > 0 ? Math.max(...this.pausesMs) : null,
      },
      allocated_bytes: profile ? this.allocatedBytes(profile.statistics, usedAfter) : null,
    };
  }

  // What the heap and the ArrayBuffers grew by, from the end of each collection to the beginning of the next one.
  allocatedBytes(statistics, usedAfter) {
    let from = this.usedBefore;
    let allocated = 0;
    for (const { beforeGC, afterGC } of statistics) {
      allocated += Math.max(0, profiledBytes(beforeGC) - from);
      from = profiledBytes(afterGC);
    }
    return allocated + Math.max(0, usedAfter - from);
  }
}

const usedBytes = (heap) => heap.used_heap_size + heap.external_memory;
const profiledBytes = ({ heapStatistics }) => heapStatistics.usedHeapSize + heapStatistics.externalMemory;

const nothingHeld = {
  heap_used_bytes: null,
  heap_spaces_bytes: null,
  external_bytes: null,
  array_buffers_bytes: null,
  rss_bytes: null,
};

export class Measurement {
  /** `hasLongPhases`: the phases of the write are long beside a tick of the kernel. */
  static async start(hasLongPhases) {
    const delay = monitorEventLoopDelay({ resolution: resolutionMs });
    delay.enable();
    await sleep(2 * resolutionMs); // it measures from tick to tick, so one tick must come before the loop blocks
    return new Measurement(delay, hasLongPhases);
  }

  constructor(delay, hasLongPhases) {
    this.delay = delay;
    this.knowsPeak = resetPeakMemory();
    this.rssBefore = process.memoryUsage.rss();
    this.heapBefore = process.memoryUsage().heapUsed;
    this.peak = { ...nothingHeld };
    this.collections = new Collections();
    this.timerFiredMs = null;
    this.timer = setTimeout(() => {
      this.timerFiredMs = performance.now() - this.startedAt;
    }, timerDueMs);
    this.cpuBefore = process.cpuUsage();
    this.utilizationBefore = performance.eventLoopUtilization();
    this.phases = new Phases(hasLongPhases);
    this.startedAt = performance.now();
  }

  /** Called where a method holds most: when everything is queued, when the buffer is full. */
  observeMemory() {
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    if (this.peak.heap_used_bytes + this.peak.external_bytes >= heapUsed + external) return;
    this.peak = {
      heap_used_bytes: heapUsed,
      heap_spaces_bytes: heapSpaces(),
      external_bytes: external,
      array_buffers_bytes: arrayBuffers,
      rss_bytes: rss,
    };
  }

  async finish(counters) {
    const completed = performance.now() - this.startedAt;
    const { active, idle } = performance.eventLoopUtilization(this.utilizationBefore);
    const cpu = process.cpuUsage(this.cpuBefore);
    const rssPeak = this.knowsPeak ? peakMemoryBytes() : null;
    const rssAfter = process.memoryUsage.rss();
    const { gc, allocated_bytes } = await this.collections.finish();
    await sleep(2 * resolutionMs); // the first tick after a block records it, and a late timer fires
    this.delay.disable();
    clearTimeout(this.timer);
    return {
      timing_ms: {
        queued: counters.queuedAt === null ? null : counters.queuedAt - this.startedAt,
        completed,
        durable: null,
      },
      syscalls: { write: counters.writeCalls, fsync: 0 },
      memory: {
        rss_before_bytes: this.rssBefore,
        rss_peak_bytes: rssPeak,
        rss_after_bytes: rssAfter,
        pending_peak_records: counters.pendingPeakRecords,
        pending_peak_bytes: counters.pendingPeakBytes,
      },
      cpu: { process_user_ms: cpu.user / 1000, process_system_ms: cpu.system / 1000, loop_thread_ms: null },
      loop: {
        lag_p50_us: this.lagUs(this.delay.percentile(50)),
        lag_p99_us: this.lagUs(this.delay.percentile(99)),
        lag_max_us: this.lagUs(this.delay.max),
        stalls: null,
        longest_stall_ms: null,
      },
      backpressure: { high_water_mark: counters.highWaterMark, drains: counters.drains, waited_ms: counters.waitedMs },
      node: {
        loop_active_ms: active,
        loop_idle_ms: idle,
        ...(counters.afterwards?.() ?? { loop_alone_ms: null, calls_ms: null }),
        timer: { due_ms: timerDueMs, fired_ms: this.timerFiredMs },
        gc,
        allocated_bytes,
        writes_at_once: counters.writesAtOnce,
        phases: this.phases.found,
        buffer: counters.buffer,
        heap_limit_bytes: v8.getHeapStatistics().heap_size_limit,
        heap_before_bytes: this.heapBefore,
        ...this.peak,
      },
    };
  }

  // Node's histogram has the whole interval between two ticks of its timer, which includes the timer's own period.
  lagUs(intervalNs) {
    return this.delay.count > 0 ? Math.max(0, intervalNs / 1000 - resolutionMs * 1000) : null;
  }
}
