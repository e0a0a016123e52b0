// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <atomic>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "connection_pool.hpp"

namespace loopscope::probe {

/// Why a request got no response.
enum class failure_cause : std::uint8_t {
  refused,           ///< nobody listens
  unreachable,       ///< the connection could not be established for another reason
  closed,            ///< the server closed the connection before the end of the response
  reset,             ///< the connection broke
  malformed,         ///< the received bytes are not HTTP
  too_large,         ///< the response's body is larger than the probe accepts
  header_too_large,  ///< the response's header is larger than the probe accepts
  local,             ///< a limit of this machine: file descriptors, ports, memory
  other,
};
inline constexpr std::size_t failure_cause_count = 9;

/// The name used in every output.
std::string_view name(failure_cause cause);
std::array<failure_cause, failure_cause_count> all_failure_causes();

/// The cause of a network or Beast error. `connected`: the connection was established before the error.
failure_cause cause_of(const boost::system::error_code& error, bool connected);

enum class outcome : std::uint8_t {
  waiting,
  completed,
  failed,
  skipped,  ///< never sent: the probe did not run at the time
};

/// The times of one request, in nanoseconds from the schedule's start, or `never`.
struct request_record {
  static constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::min();

  std::chrono::nanoseconds scheduled;
  std::chrono::nanoseconds taken;  ///< when the probe's thread handled it; taken - scheduled is the probe's lateness
  std::chrono::nanoseconds sent = never;
  std::chrono::nanoseconds done = never;  ///< completed or failed
  std::uint16_t status = 0;               ///< of the response
  bool expected = false;                  ///< the status is one of --expect
  bool repeated = false;                  ///< sent a second time, on another connection
  outcome ended = outcome::waiting;
  failure_cause cause = failure_cause::other;  ///< if failed
};

/// Counters that another thread may read during the run.
struct live_counts {
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> completed{0};
  std::atomic<std::uint64_t> unexpected{0};  ///< part of `completed`
  std::atomic<std::uint64_t> failed{0};
};

/// Records every request of a run. Each is taken once and ends at most once; the others are still waiting.
///
/// Threads: one writer; live() from any thread, the rest when the writer has finished.
class ledger {
 public:
  using time = std::chrono::nanoseconds;

  /// `request_count`: reserves memory for this many requests, so that nothing is allocated during the measurement.
  explicit ledger(std::size_t request_count) { records_.reserve(request_count); }

  request_id take(time scheduled, time now);
  /// Takes a request that will not be sent.
  void skip(time scheduled, time now);
  void sent(request_id id, time now);
  /// The time of the first sending stays.
  void repeated(request_id id) { records_[id].repeated = true; }
  void completed(request_id id, time now, unsigned status, bool expected);
  void failed(request_id id, time now, failure_cause cause);

  std::size_t unfinished() const { return unfinished_; }
  const std::vector<request_record>& records() const { return records_; }
  const live_counts& live() const { return live_; }

 private:
  void finish(request_record& record, time now, outcome how);

  std::vector<request_record> records_;
  std::size_t unfinished_ = 0;
  live_counts live_;
};

}  // namespace loopscope::probe
