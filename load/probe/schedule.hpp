// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>

namespace loopscope::probe {

enum class schedule_kind { uniform, poisson };

/// The time of each request, from the schedule's start: every 1/rate (uniform), or with exponential gaps of that mean
/// (poisson, the same gaps for the same seed). It does not depend on responses: that makes the load open-loop.
///
/// Units: nanoseconds. The first uniform request is due at 0; no request is due at `duration` or later.
class schedule {
 public:
  using time = std::chrono::nanoseconds;

  schedule(schedule_kind kind, double rate_per_s, time duration, std::uint64_t seed)
      : kind_(kind), rate_per_s_(rate_per_s), duration_(duration), random_(seed), gap_s_(rate_per_s) {
    set_next(kind_ == schedule_kind::poisson ? gap_s_(random_) : 0);
  }

  /// When the next request is due; nullopt after the last one.
  std::optional<time> next() const { return next_; }
  /// Removes the next request from the schedule.
  void advance() {
    ++taken_;
    // Uniform times are multiples, not sums, so that rounding errors do not change the rate.
    set_next(kind_ == schedule_kind::poisson ? next_s_ + gap_s_(random_) : static_cast<double>(taken_) / rate_per_s_);
  }
  /// Removes the requests that are due at `duration` or later.
  void end_at(time duration) {
    duration_ = duration;
    if (next_ && *next_ >= duration_) next_.reset();
  }

 private:
  void set_next(double due_s) {
    next_s_ = due_s;
    next_ = time{std::llround(due_s * 1e9)};
    if (*next_ >= duration_) next_.reset();
  }

  schedule_kind kind_;
  double rate_per_s_;
  time duration_;
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_s_;
  double next_s_ = 0;
  std::uint64_t taken_ = 0;
  std::optional<time> next_;
};

}  // namespace loopscope::probe
