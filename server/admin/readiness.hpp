// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace loopscope::admin {

/// Whether the service should get requests now, and if not, why. Plain values, no clock.
class readiness {
 public:
  struct loop {
    std::string name;
    std::chrono::nanoseconds stalled_for{0};
  };

  /// `directory_failure`: why the data directory cannot be used; empty while it can; nullopt where there is none.
  readiness(std::span<const loop> loops, std::chrono::nanoseconds stall_threshold, bool shutting_down,
            const std::optional<std::string>& directory_failure);

  bool ready() const noexcept;
  /// One line for each check, then the result.
  std::string verbose() const;
  /// "ok", or the failed checks.
  std::string brief() const;

 private:
  struct check {
    std::string name;
    std::string failure;  // empty: passed
  };

  std::vector<check> checks_;
};

}  // namespace loopscope::admin
