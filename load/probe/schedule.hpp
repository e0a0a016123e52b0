#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace loopscope::probe {

enum class schedule_kind { uniform, poisson };

/// When each request is due, counted from the schedule's start: every 1/rate (uniform), or with exponential gaps of
/// that mean (poisson, the same for the same seed). Knows nothing of answers, which is the point of an open loop.
///
/// Units: nanoseconds. The first uniform request is due at 0; nothing is due at `duration` or later.
class schedule {
 public:
  using time = std::chrono::nanoseconds;

  schedule(schedule_kind kind, double rate_per_s, time duration, std::uint64_t seed);

  /// When the next request is due; nothing after the last.
  std::optional<time> next() const { return next_; }
  /// Takes the next request off the schedule.
  void advance();

 private:
  time gap_end();

  schedule_kind kind_;
  double rate_per_s_;
  time duration_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_s_;
  double poisson_s_ = 0;
  std::uint64_t taken_ = 0;
  std::optional<time> next_;
};

}  // namespace loopscope::probe
