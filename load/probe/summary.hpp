// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger.hpp"
#include "percentiles.hpp"

namespace loopscope::probe {

/// A request that the probe sent later than this after its time is late.
inline constexpr std::chrono::milliseconds max_lateness{1};

/// The figures of a run. scheduled = completed + failed + waiting + skipped; completed = expected + unexpected.
///
/// Units: microseconds. Latency counts from the scheduled time, service time from the sending. Both contain the
/// expected responses, and the requests that were still waiting at the end with their age at that time (service time:
/// those that were sent). Unexpected responses have figures of their own, since a fast rejection is no fast service.
/// Failed and skipped requests are in none of them.
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
  /// Failed requests and unexpected responses, and their share of the ended requests; nullopt if none has ended.
  std::size_t errors = 0;
  std::optional<double> error_rate;

  percentiles latency_us;
  percentiles service_time_us;
  percentiles unexpected_latency_us;
  percentiles unexpected_service_time_us;
  percentiles lateness_us;
};

/// `measured_until`: the time up to which the age of waiting requests counts.
summary summarize(const std::vector<request_record>& records, std::chrono::nanoseconds measured_until);

/// What the probe knows about its own influence on the figures.
struct self_check {
  std::size_t scheduled = 0;
  std::size_t late = 0;
  std::optional<double> lateness_max_us;
  std::optional<double> latency_max_us;
  std::optional<double> thread_busy;  ///< share of the run in which the sending thread used a CPU
  std::chrono::nanoseconds not_running{0};
  std::size_t skipped = 0;         ///< requests that were due meanwhile
  std::size_t local_failures = 0;  ///< requests that failed because of this machine's limits
};

/// Why the figures describe the probe rather than the server, one sentence for each reason; empty if they do not.
std::vector<std::string> bottleneck_reasons(const self_check& check);

}  // namespace loopscope::probe
