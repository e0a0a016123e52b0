#include "server/watch/preload/watched_thread.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace loopscope::watch {

constinit thread_local watched_thread::thread_state watched_thread::own_;

turn_recorder* watched_thread::first_wait() noexcept {
  if (!watched_process::is_watched() || own_.starting) return nullptr;  // a signal handler interrupted this function
  own_.starting = true;
  const int error = errno;
  if (const auto pid = watched_process::registered_pid(); pid != 0 && pid != own_.pid) {
    auto* const words = watched_process::claim_thread(static_cast<std::int32_t>(::syscall(SYS_gettid)));
    own_.recorder = words != nullptr ? turn_recorder{*words, watched_process::long_turn_ns()} : turn_recorder{};
    own_.pid = pid;
  }
  errno = error;
  own_.starting = false;
  return own_.recorder.has_words() ? &own_.recorder : nullptr;
}

}  // namespace loopscope::watch
