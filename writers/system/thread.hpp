// SPDX-License-Identifier: MIT

#pragma once

#include <signal.h>

#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

namespace loopscope::system {

/// Blocks every signal in the calling thread until it is destroyed. Threads started meanwhile inherit the mask.
class blocked_signals {
 public:
  blocked_signals() noexcept;
  ~blocked_signals();
  blocked_signals(const blocked_signals&) = delete;
  blocked_signals& operator=(const blocked_signals&) = delete;

 private:
  sigset_t previous_;
};

/// Starts a thread that takes no signals, so that the program's handlers run elsewhere. Throws as std::thread does.
template <class Function>
std::thread start_thread_without_signals(Function&& function) {
  const blocked_signals guard;
  return std::thread{std::forward<Function>(function)};
}

/// Asks for the shortest time slice, so that the scheduler runs the calling thread soon after it wakes up.
///
/// Needs no privilege. Threads that the caller starts later do not inherit it. Returns false when the thread has
/// another policy than the default one or the kernel refuses. Before Linux 6.12 it changes nothing.
/// Source: sched_setattr(2), sched_runtime of SCHED_OTHER.
bool request_short_time_slice() noexcept;

/// The time slice of the calling thread. 0: the kernel does not tell, as before Linux 6.12. Source: sched_getattr(2).
std::chrono::nanoseconds time_slice() noexcept;

/// Gives a thread that has asked for the shortest time slice the usual one until it is destroyed, for work that lasts:
/// a thread with a shorter slice that wakes up need not wait for the end of that work.
///
/// Threads: constructed and destroyed on the thread it is for.
class usual_time_slice {
 public:
  usual_time_slice() noexcept;
  ~usual_time_slice();
  usual_time_slice(const usual_time_slice&) = delete;
  usual_time_slice& operator=(const usual_time_slice&) = delete;

 private:
  bool changed_;
};

/// How many CPUs the calling thread may run on, at least 1. Source: sched_getaffinity(2).
std::size_t allowed_cpus() noexcept;

}  // namespace loopscope::system
