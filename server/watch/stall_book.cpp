// SPDX-License-Identifier: MIT

#include "stall_book.hpp"

#include <algorithm>

namespace loopscope::watch {

void stall_book::add(pid_t pid, const std::string& process, const monitor::stall_record& stall) {
  const std::lock_guard lock(mutex_);
  longest_ = std::max(longest_, stall.duration);
  culprits_.add(stall);
  stacks_.add(process, stall);
  if (records_.size() < max_records) {
    records_.push_back({pid, stall});
  } else {
    ++left_out_;
  }
}

std::chrono::nanoseconds stall_book::longest() const {
  const std::lock_guard lock(mutex_);
  return longest_;
}

std::string stall_book::folded_text() const {
  const std::lock_guard lock(mutex_);
  return stacks_.text();
}

void stall_book::fill(watch_report& report) const {
  const std::lock_guard lock(mutex_);
  report.stalls = records_;
  std::ranges::stable_sort(report.stalls, {}, [](const process_stall& each) { return each.record.started_steady; });
  report.stalls_left_out = left_out_;
  report.culprits = culprits_.rows();
  report.others = culprits_.others();
}

}  // namespace loopscope::watch
