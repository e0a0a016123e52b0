#include "sample_collector.hpp"

#include "writers/system/process.hpp"

namespace loopscope::admin {
namespace {

/// Enough for a subscriber that misses a few samples; /stalls has them all.
constexpr std::size_t ended_stalls_shown = 4;

}  // namespace

sample_collector::sample_collector(const sources& of)
    : of_(of), ended_(of.loops.size()), last_at_(std::chrono::steady_clock::now()) {
  for (const auto& each : of_.loops) windows_.push_back(each.watch.interval());
}

std::optional<double> sample_collector::cpu_share(std::chrono::nanoseconds cpu) {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> elapsed = now - std::exchange(last_at_, now);
  const auto before = std::exchange(last_cpu_, cpu);
  if (!before || elapsed.count() <= 0) return std::nullopt;
  return std::chrono::duration<double>(cpu - *before) / elapsed;
}

void sample_collector::blocking_take_stalls(sample::loop& into, const monitor::loop_watch& watch, ended_stalls& known) {
  // Copying all stacks ten times a second would be the dearest part of a sample; mostly nothing is new.
  if (known.counted != into.stalls || known.one_is_open || into.stalled_for.count() > 0) {
    known = {.counted = into.stalls, .one_is_open = false, .newest = {}};
    for (auto& each : watch.recent_stalls()) {
      if (each.in_progress) {
        known.one_is_open = true;
        into.stall = std::move(each);
      } else if (known.newest.size() < ended_stalls_shown) {
        known.newest.push_back(std::move(each));
      }
    }
  }
  into.ended = known.newest;
}

sample sample_collector::blocking_collect() {
  sample out;
  // First what may wait for the disk, so that the loops' figures are of the time that the sample bears.
  out.outputs = blocking_read_output_pages(of_.data_dir);
  out.machine = blocking_read_machine_dirty_pages();
  const auto process = system::blocking_read_process();
  out.resident_bytes = process.resident_bytes;
  out.threads = process.threads;
  out.cpu_share = cpu_share(process.cpu);
  out.at = std::chrono::system_clock::now();
  out.steady_at = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < of_.loops.size(); ++i) {
    const auto& source = of_.loops[i];
    const auto figures = source.watch.snapshot();
    sample::loop loop{source.name, figures.running, figures.stalled_for, figures.total.stalls, windows_[i].read(), {},
                      {}};
    blocking_take_stalls(loop, source.watch, ended_[i]);
    out.loops.push_back(std::move(loop));
  }
  out.running = of_.registry.active();
  out.buffer = blocking_trace_buffer(out.running);
  return out;
}

}  // namespace loopscope::admin
