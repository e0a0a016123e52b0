// SPDX-License-Identifier: MIT

#include "sample.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "writers/system/process.hpp"

namespace loopscope::admin {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::size_t buffer_readings = 64;
constexpr int readings_per_cycle = 16;
constexpr nanoseconds min_pause{4'000}, max_pause{250'000};
/// A shorter pause is waited for by reading the clock, because a sleep is not much shorter than this.
constexpr nanoseconds min_sleep{60'000};

/// Enough for a subscriber that misses a few samples; /stalls has all of them.
constexpr std::size_t max_ended_stalls = 4;

/// The pause between two readings, from the mean cycle so far.
nanoseconds reading_pause(const writers::write_progress& progress) {
  const auto drains = static_cast<std::int64_t>(progress.drains());
  if (drains == 0) return min_pause;
  return std::clamp(nanoseconds{progress.elapsed()} / drains / readings_per_cycle, min_pause, max_pause);
}

}  // namespace

std::optional<buffer_trace> blocking_trace_buffer(std::span<const std::shared_ptr<const runs::active_run>> running) {
  const auto stream = std::ranges::find_if(running, [](const auto& run) { return run->request.method->has_buffer; });
  if (stream == running.end()) return std::nullopt;
  const writers::write_progress& progress = (*stream)->progress;
  buffer_trace trace{.run = (*stream)->id, .readings = {}};
  const nanoseconds pause = reading_pause(progress);
  const auto start = steady_clock::now();
  for (auto next = start; trace.readings.size() < buffer_readings;) {
    const auto now = steady_clock::now();
    if (now < next) continue;
    trace.readings.push_back({now - start, progress.pending_bytes()});
    next = now + pause;
    if (pause >= min_sleep) std::this_thread::sleep_until(next);
  }
  return trace;
}

std::optional<double> sample_collector::cpu_share(std::optional<nanoseconds> cpu) {
  const auto now = steady_clock::now();
  const std::chrono::duration<double> elapsed = now - std::exchange(last_at_, now);
  const auto last_cpu = std::exchange(last_cpu_, cpu);
  if (!cpu || !last_cpu || elapsed.count() <= 0) return std::nullopt;
  return std::chrono::duration<double>(*cpu - *last_cpu) / elapsed;
}

void sample_collector::add_stalls(sample::loop& to, const monitor::loop_watch& watch, ended_stalls& known) {
  // Copying every stack ten times a second would be the most expensive part of a sample, and mostly nothing is new.
  if (known.stalls != to.stalls || known.one_in_progress || to.stalled_for.count() > 0) {
    known = {.stalls = to.stalls, .one_in_progress = false, .newest = {}};
    for (auto& each : watch.recent_stalls()) {
      if (each.in_progress) {
        known.one_in_progress = true;
        to.stall = std::move(each);
      } else if (known.newest.size() < max_ended_stalls) {
        known.newest.push_back(std::move(each));
      }
    }
  }
  to.ended = known.newest;
}

sample::loop sample_collector::read_loop(const metrics::loop_source& loop) {
  const auto figures = loop.watch->snapshot();
  loop_state& state = *states_.find(loop.watch);
  sample::loop out{loop.name, figures.running, figures.stalled_for, figures.total.stalls, state.window.read(), {},
                   {},        loop.pid,        figures.handlers};
  add_stalls(out, *loop.watch, state.ended);
  return out;
}

void sample_collector::blocking_add_data_plane(sample& to) const {
  to.has_data_plane = source_.data.has_value();
  if (!source_.data) return;
  to.outputs = blocking_read_output_pages(source_.data->data_dir);
  to.machine = blocking_read_machine_dirty_pages();
}

sample sample_collector::blocking_collect() {
  sample out;
  // What may wait for the disk comes first, so that the loops' figures belong to the time in the sample.
  blocking_add_data_plane(out);
  const auto process = system::blocking_read_process(source_.process);
  out.resident_bytes = process.resident_bytes;
  out.threads = process.threads;
  out.cpu_share = cpu_share(process.cpu);
  out.at = std::chrono::system_clock::now();
  out.steady_at = steady_clock::now();
  const auto loops = source_.loops();
  states_.update(loops);
  for (const auto& each : loops) out.loops.push_back(read_loop(each));
  if (source_.data) out.running = source_.data->registry.active();
  out.buffer = blocking_trace_buffer(out.running);
  return out;
}

}  // namespace loopscope::admin
