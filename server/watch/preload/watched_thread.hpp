// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>

#include "server/watch/preload/monotonic_clock.hpp"
#include "server/watch/preload/turn_recorder.hpp"
#include "server/watch/preload/watched_process.hpp"

namespace loopscope::watch {

/// The calling thread, with its recorder. It has words once the thread has waited for events, if there were some left.
class watched_thread {
 public:
  constexpr watched_thread() noexcept = default;

  /// For a wait for events; nullptr if it is not recorded.
  static watched_thread* for_events() noexcept {
    const auto pid = watched_process::pid();
    if (pid == 0 || own.pid_ != pid) [[unlikely]]
      return first_wait();
    return own.recorder_.has_words() ? &own : nullptr;
  }

  /// For a wait at a condition variable; nullptr if this thread has not waited for events in this process.
  static watched_thread* for_condition() noexcept {
    if (!own.recorder_.has_words() || own.pid_ != watched_process::pid()) return nullptr;
    return &own;
  }

  std::size_t entered(const wait_place& place) noexcept {
    return recorder_.entered(place, [this] { return clock_.now(); });
  }
  void returned(std::size_t site) noexcept {
    recorder_.returned(site, [this] { return clock_.now(); });
  }

 private:
  static watched_thread* first_wait() noexcept;

  static constinit thread_local watched_thread own;

  turn_recorder recorder_;
  thread_clock clock_;
  std::int32_t pid_ = 0;  ///< the process in which the recorder was made: a child of fork has its parent's
  bool starting_ = false;
};

}  // namespace loopscope::watch
