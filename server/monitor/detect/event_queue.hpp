// SPDX-License-Identifier: MIT

#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// The descriptor in which a loop waits for events, learnt when a thread is seen waiting in it.
///
/// Threads: one at a time.
class event_queue {
 public:
  /// Whether the descriptor is the loop's; nullopt when that cannot be said.
  using owner = std::function<std::optional<bool>(int)>;

  explicit event_queue(owner owns = {}) : owns_(std::move(owns)) {}

  /// Whether a wait for events is the loop's own; nullopt when that is not known.
  std::optional<bool> is_own(const system::syscall_line& wait);
  bool is_known() const noexcept { return descriptor_.has_value(); }
  /// The loop may have opened another one.
  void forget() noexcept { descriptor_.reset(); }

 private:
  owner owns_;
  std::optional<int> descriptor_;
};

/// The call is one of those in which Asio waits for events on Linux.
bool is_event_wait(const system::syscall_line& call) noexcept;

}  // namespace loopscope::monitor
