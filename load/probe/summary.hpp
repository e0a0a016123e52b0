#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "failure_cause.hpp"
#include "ledger.hpp"
#include "percentiles.hpp"

namespace loopscope::probe {

/// From when a request that the probe itself sent after its time counts as late.
inline constexpr std::chrono::milliseconds late_from{1};

/// What a run's account comes to. scheduled = completed + failed + waiting + skipped; completed = expected +
/// unexpected.
///
/// Units: microseconds. Latency counts from the intended time and service time from the sending. Both hold the answers
/// that did what was asked and, at the age that they have, the waiting requests (service time: those that were sent).
/// Answers with another status have figures of their own: a refusal is no fast service. Failed and skipped requests are
/// in none of them.
struct summary {
  std::size_t scheduled = 0;
  std::size_t sent = 0;
  std::size_t late = 0;
  std::size_t skipped = 0;
  std::size_t repeated = 0;
  std::size_t completed = 0;
  std::size_t expected = 0;
  std::size_t unexpected = 0;
  std::size_t failed = 0;
  std::array<std::size_t, failure_cause_count> failed_by_cause{};
  std::size_t waiting = 0;
  std::map<unsigned, std::size_t> status;
  /// Failed requests and unexpected answers, and their share of what has ended; none when nothing has.
  std::size_t errors = 0;
  std::optional<double> error_rate;

  percentiles latency_us;
  percentiles service_time_us;
  percentiles unexpected_latency_us;
  percentiles unexpected_service_time_us;
  percentiles lateness_us;
};

/// `measured_until`: the moment at which waiting requests have their age.
summary summarise(const std::vector<request_record>& records, std::chrono::nanoseconds measured_until);

}  // namespace loopscope::probe
