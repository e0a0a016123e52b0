#include "admission.hpp"

#include <algorithm>

#include "writers/record.hpp"
#include "writers/strategy.hpp"
#include "writers/verify.hpp"

namespace loopscope::runs {

run_cost estimate(const writers::write_request& request) noexcept {
  run_cost cost;
  cost.output_bytes = writers::total_bytes(request.count);
  switch (request.id) {
    case writers::method::callback:
      cost.pending_bytes = writers::callback_memory_bytes(request.count);
      break;
    case writers::method::stream:
      cost.pending_bytes = request.high_water_mark_bytes;
      break;
    case writers::method::sync:
    case writers::method::promise:
    case writers::method::partition:
    case writers::method::offload:
      cost.pending_bytes = writers::max_record_bytes;
      break;
  }
  // The file is read back when no record waits any more.
  if (request.verify) cost.pending_bytes = std::max(cost.pending_bytes, writers::verify_memory_bytes(request.count));
  return cost;
}

std::optional<refusal> admission::admit(const writers::write_request& request) noexcept {
  using enum refusal::cause;
  if (request.count > limits_.max_count)
    return refusal{over_limit, "count", "max-count", request.count, limits_.max_count};
  const run_cost cost = estimate(request);
  if (cost.pending_bytes > limits_.max_pending_bytes) {
    const bool stream = request.id == writers::method::stream;
    return refusal{over_limit, stream ? "high_water_mark" : "count", "max-pending-bytes", cost.pending_bytes,
                   limits_.max_pending_bytes};
  }
  if (cost.output_bytes > limits_.max_output_bytes)
    return refusal{over_limit, "count", "max-output-bytes", cost.output_bytes, limits_.max_output_bytes};

  if (running_ >= limits_.max_writes) return refusal{too_many, "", "max-writes", running_ + 1, limits_.max_writes};
  if (taken_.pending_bytes + cost.pending_bytes > limits_.max_pending_bytes)
    return refusal{too_many, "", "max-pending-bytes", taken_.pending_bytes + cost.pending_bytes,
                   limits_.max_pending_bytes};
  if (taken_.output_bytes + cost.output_bytes > limits_.max_output_bytes)
    return refusal{too_many, "", "max-output-bytes", taken_.output_bytes + cost.output_bytes, limits_.max_output_bytes};
  ++running_;
  taken_.pending_bytes += cost.pending_bytes;
  taken_.output_bytes += cost.output_bytes;
  return std::nullopt;
}

void admission::release(const writers::write_request& request) noexcept {
  const run_cost cost = estimate(request);
  --running_;
  taken_.pending_bytes -= cost.pending_bytes;
  taken_.output_bytes -= cost.output_bytes;
}

}  // namespace loopscope::runs
