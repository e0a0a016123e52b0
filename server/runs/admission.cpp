// SPDX-License-Identifier: MIT

#include "admission.hpp"

#include <algorithm>

#include "writers/methods/record.hpp"
#include "writers/run/verify.hpp"

namespace loopscope::runs {

run_cost estimate(const writers::write_request& request) noexcept {
  run_cost cost{request.method->memory_bytes(request), writers::total_bytes(request.count)};
  // The file is read back after the last record was written, so only the larger of the two is needed.
  if (request.verify) cost.pending_bytes = std::max(cost.pending_bytes, writers::verify_memory_bytes(request.count));
  return cost;
}

/// The limits that the write breaks even if it runs alone.
std::optional<refusal> admission::exceeds(const writers::write_request& request, const run_cost& cost) const noexcept {
  using enum refusal::cause;
  if (request.count > limits_.max_count)
    return refusal{over_limit, "max-count", request.count, limits_.max_count, "count"};
  if (cost.pending_bytes > limits_.max_pending_bytes)
    return refusal{over_limit, "max-pending-bytes", cost.pending_bytes, limits_.max_pending_bytes,
                   request.method->has_buffer ? "high_water_mark" : "count"};
  if (cost.output_bytes > limits_.max_output_bytes)
    return refusal{over_limit, "max-output-bytes", cost.output_bytes, limits_.max_output_bytes, "count"};
  return std::nullopt;
}

std::optional<refusal> admission::admit(const writers::write_request& request,
                                        std::optional<std::chrono::nanoseconds> recent_lag) noexcept {
  using enum refusal::cause;
  if (closed_) return refusal{shutting_down};
  const run_cost cost = estimate(request);
  if (const auto refused = exceeds(request, cost)) return refused;
  if (limits_.shed_lag && recent_lag > *limits_.shed_lag) {
    const std::chrono::nanoseconds limit = *limits_.shed_lag;
    return refusal{loop_behind, "shed-lag", static_cast<std::uint64_t>(recent_lag->count()),
                   static_cast<std::uint64_t>(limit.count())};
  }
  const run_cost needed{taken_.pending_bytes + cost.pending_bytes, taken_.output_bytes + cost.output_bytes};
  if (running_ >= limits_.max_writes) return refusal{too_many, "max-writes", running_ + 1, limits_.max_writes};
  if (needed.pending_bytes > limits_.max_pending_bytes)
    return refusal{too_many, "max-pending-bytes", needed.pending_bytes, limits_.max_pending_bytes};
  if (needed.output_bytes > limits_.max_output_bytes)
    return refusal{too_many, "max-output-bytes", needed.output_bytes, limits_.max_output_bytes};
  ++running_;
  taken_ = needed;
  return std::nullopt;
}

void admission::release(const writers::write_request& request) noexcept {
  const run_cost cost = estimate(request);
  --running_;
  taken_.pending_bytes -= cost.pending_bytes;
  taken_.output_bytes -= cost.output_bytes;
}

}  // namespace loopscope::runs
