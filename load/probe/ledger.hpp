#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "connection_pool.hpp"
#include "failure_cause.hpp"

namespace loopscope::probe {

enum class outcome : std::uint8_t {
  waiting,
  answered,
  failed,
  skipped,  ///< never sent: the probe itself stood still when it was due
};

/// One request's life, in nanoseconds from the schedule's start; a time that never came is `never`.
struct request_record {
  static constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::min();

  std::chrono::nanoseconds scheduled;
  std::chrono::nanoseconds taken;  ///< when the probe's own thread got to it: taken - scheduled is its lateness
  std::chrono::nanoseconds sent = never;
  std::chrono::nanoseconds done = never;  ///< answered or failed
  std::uint16_t status = 0;               ///< of the answer
  bool expected = false;                  ///< the answer did what was asked
  bool repeated = false;                  ///< sent a second time, on another connection
  outcome ended = outcome::waiting;
  failure_cause cause = failure_cause::other;  ///< when failed
};

/// What may be read by another thread while the run is under way.
struct live_counts {
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> unexpected{0};  ///< of the answered
  std::atomic<std::uint64_t> failed{0};
};

/// The account of every request of a run. Each is taken once and ends at most once; what has not ended is waiting.
///
/// Threads: one writer; live() from anywhere, the rest when the writer has finished.
class ledger {
 public:
  using time = std::chrono::nanoseconds;

  /// `expected`: how many requests to have memory ready for, so that none is allocated while measuring.
  explicit ledger(std::size_t expected) { records_.reserve(expected); }

  request_id take(time scheduled, time now);
  /// Takes a request that will not be sent.
  void skip(time scheduled, time now);
  void sent(request_id id, time now);
  /// The time of the first sending stays.
  void repeated(request_id id) { records_[id].repeated = true; }
  void answered(request_id id, time now, unsigned status, bool expected);
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
