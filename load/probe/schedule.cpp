#include "schedule.hpp"

#include <cmath>

namespace loopscope::probe {

schedule::schedule(schedule_kind kind, double rate_per_s, time duration, std::uint64_t seed)
    : kind_(kind), rate_per_s_(rate_per_s), duration_(duration), random_(seed), gap_s_(rate_per_s), next_(time{0}) {
  if (kind_ == schedule_kind::poisson) next_ = gap_end();
  if (*next_ >= duration_) next_.reset();
}

void schedule::advance() {
  ++taken_;
  next_ = gap_end();
  if (*next_ >= duration_) next_.reset();
}

schedule::time schedule::gap_end() {
  // Uniform times are multiples, not sums: rounding must not drift the rate.
  double due_s = static_cast<double>(taken_) / rate_per_s_;
  if (kind_ == schedule_kind::poisson) due_s = poisson_s_ += gap_s_(random_);
  return time{std::llround(due_s * 1e9)};
}

}  // namespace loopscope::probe
