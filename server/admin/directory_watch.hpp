// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace loopscope::admin {

/// Checks once a second whether the data directory can be used, on a thread of its own.
///
/// A check may never return, for instance when the server of a network file system is gone. That is a failure too, and
/// neither failure() nor the destructor waits for it.
/// Threads: any. Lifetime: a check that hangs outlives *this, and so must everything that `blocking_check` captures.
class directory_watch {
 public:
  static constexpr std::chrono::milliseconds default_period{1000};
  static constexpr std::chrono::milliseconds default_max_wait{5000};

  /// `blocking_check` returns why the directory cannot be used; empty if it can. A check that takes longer than
  /// `max_wait` counts as a failure.
  explicit directory_watch(std::function<std::string()> blocking_check,
                           std::chrono::milliseconds period = default_period,
                           std::chrono::milliseconds max_wait = default_max_wait);
  ~directory_watch();
  directory_watch(const directory_watch&) = delete;
  directory_watch& operator=(const directory_watch&) = delete;

  /// Why the directory cannot be used; empty while it can.
  std::string failure() const;

 private:
  struct shared_state;
  static void run(shared_state& state);

  std::shared_ptr<shared_state> state_;
};

}  // namespace loopscope::admin
