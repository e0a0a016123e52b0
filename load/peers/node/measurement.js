// The cost of a write for the process: time, memory, CPU, loop delay. Names and units are those of loopscope's report.

import fs from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const resolutionMs = 10;

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

export class Measurement {
  static async start() {
    const delay = monitorEventLoopDelay({ resolution: resolutionMs });
    delay.enable();
    await sleep(2 * resolutionMs); // it measures from tick to tick, so one tick must come before the loop blocks
    return new Measurement(delay);
  }

  constructor(delay) {
    this.delay = delay;
    this.knowsPeak = resetPeakMemory();
    this.rssBefore = process.memoryUsage.rss();
    this.cpuBefore = process.cpuUsage();
    this.startedAt = performance.now();
  }

  async finish(counters) {
    const completed = performance.now() - this.startedAt;
    const cpu = process.cpuUsage(this.cpuBefore);
    const rssPeak = this.knowsPeak ? peakMemoryBytes() : null;
    await sleep(2 * resolutionMs); // the first tick after a block records it
    this.delay.disable();
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
        rss_after_bytes: process.memoryUsage.rss(),
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
    };
  }

  // Node's histogram has the whole interval between two ticks of its timer, which includes the timer's own period.
  lagUs(intervalNs) {
    return this.delay.count > 0 ? Math.max(0, intervalNs / 1000 - resolutionMs * 1000) : null;
  }
}
