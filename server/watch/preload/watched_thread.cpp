#include "server/watch/preload/watched_thread.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace loopscope::watch {

constinit thread_local watched_thread::thread_state watched_thread::own_state;

turn_recorder* watched_thread::first_wait() noexcept {
  if (!watched_process::is_watched() || own_state.starting)
    return nullptr;  // a signal handler interrupted this function
  own_state.starting = true;
  const int error = errno;
  if (const auto pid = watched_process::registered_pid(); pid != 0 && pid != own_state.pid) {
    auto* const words = watched_process::claim_thread(static_cast<std::int32_t>(::syscall(SYS_gettid)));
    own_state.recorder = words != nullptr ? turn_recorder{*words, watched_process::long_turn_ns()} : turn_recorder{};
    own_state.pid = pid;
  }
  errno = error;
  own_state.starting = false;
  return own_state.recorder.has_words() ? &own_state.recorder : nullptr;
}

}  // namespace loopscope::watch
