#include "buffer_trace.hpp"

#include <algorithm>
#include <thread>

namespace loopscope::admin {
namespace {

using clock = std::chrono::steady_clock;

using std::chrono::nanoseconds;

constexpr std::size_t readings = 64;
constexpr int readings_per_cycle = 16;
constexpr nanoseconds least_pause{4'000}, greatest_pause{250'000};
/// A sleep cannot be much shorter; below it the thread reads the clock until it is time.
constexpr nanoseconds least_sleep{60'000};

/// So that the readings show some four cycles of the buffer, as it has filled and drained so far.
nanoseconds pause_of(const writers::write_progress& progress) {
  const auto drains = static_cast<std::int64_t>(progress.drains());
  if (drains == 0) return least_pause;
  return std::clamp(nanoseconds{progress.elapsed()} / drains / readings_per_cycle, least_pause, greatest_pause);
}

}  // namespace

std::optional<buffer_trace> blocking_trace_buffer(std::span<const std::shared_ptr<const runs::active_run>> running) {
  const auto stream = std::ranges::find_if(running, [](const auto& run) { return run->request.method->has_buffer; });
  if (stream == running.end()) return std::nullopt;
  buffer_trace trace{.run = (*stream)->id, .readings = {}};
  const nanoseconds pause = pause_of((*stream)->progress);
  const auto start = clock::now();
  auto next = start;
  while (trace.readings.size() < readings) {
    const auto now = clock::now();
    if (now < next) continue;
    trace.readings.push_back({now - start, (*stream)->progress.pending_bytes()});
    next = now + pause;
    if (pause >= least_sleep) std::this_thread::sleep_until(next);
  }
  return trace;
}

}  // namespace loopscope::admin
