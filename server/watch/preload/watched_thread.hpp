#pragma once

#include <cstddef>

#include "server/watch/preload/monotonic_clock.hpp"
#include "server/watch/preload/turn_recorder.hpp"
#include "server/watch/preload/watched_process.hpp"

namespace loopscope::watch {

/// The calling thread's recorder. It has words once the thread has waited for events, if there were some left.
class watched_thread {
 public:
  /// For a wait for events; nullptr if it is not recorded.
  static turn_recorder* for_events() noexcept {
    const auto pid = watched_process::pid();
    if (pid == 0 || own_state.pid != pid) [[unlikely]]
      return first_wait();
    return own_state.recorder.has_words() ? &own_state.recorder : nullptr;
  }

  /// For a wait at a condition variable; nullptr if this thread has not waited for events in this process.
  static turn_recorder* for_condition() noexcept {
    if (!own_state.recorder.has_words() || own_state.pid != watched_process::pid()) return nullptr;
    return &own_state.recorder;
  }

 private:
  struct thread_state {
    turn_recorder recorder;
    std::int32_t pid = 0;  ///< the process in which the recorder was made: a child of fork has its parent's
    bool starting = false;
  };

  static turn_recorder* first_wait() noexcept;

  static constinit thread_local thread_state own_state;
};

}  // namespace loopscope::watch
