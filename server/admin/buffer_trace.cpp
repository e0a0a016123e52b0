#include "buffer_trace.hpp"

#include <algorithm>

namespace loopscope::admin {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t readings = 64;
constexpr std::chrono::microseconds between{8};

}  // namespace

std::optional<buffer_trace> blocking_trace_buffer(std::span<const std::shared_ptr<const runs::active_run>> running) {
  const auto stream =
      std::ranges::find(running, writers::method::stream, [](const auto& run) { return run->request.id; });
  if (stream == running.end()) return std::nullopt;
  buffer_trace trace{.run = (*stream)->id, .readings = {}};
  const auto start = clock::now();
  auto next = start;
  while (trace.readings.size() < readings) {
    const auto now = clock::now();
    if (now < next) continue;
    trace.readings.push_back({now - start, (*stream)->progress.pending_bytes()});
    next = now + between;
  }
  return trace;
}

}  // namespace loopscope::admin
