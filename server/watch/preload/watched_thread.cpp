// SPDX-License-Identifier: MIT

#include "server/watch/preload/watched_thread.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace loopscope::watch {

constinit thread_local watched_thread watched_thread::own;

watched_thread* watched_thread::first_wait() noexcept {
  if (!watched_process::is_watched() || own.starting_) return nullptr;  // a signal handler interrupted this function
  own.starting_ = true;
  const int error = errno;
  if (const auto pid = watched_process::registered_pid(); pid != 0 && pid != own.pid_) {
    auto* const words = watched_process::claim_thread(static_cast<std::int32_t>(::syscall(SYS_gettid)));
    own.recorder_ = words != nullptr ? turn_recorder{*words, watched_process::long_turn_ns()} : turn_recorder{};
    own.clock_ = thread_clock{watched_process::cycles()};
    own.pid_ = pid;
  }
  errno = error;
  own.starting_ = false;
  return own.recorder_.has_words() ? &own : nullptr;
}

}  // namespace loopscope::watch
