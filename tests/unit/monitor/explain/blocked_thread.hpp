// SPDX-License-Identifier: MIT

#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/monitor/explain/sleep_state.hpp"
#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor::testing {

/// A thread that runs a function which is going to sleep.
class blocked_thread {
 public:
  template <class Function>
  explicit blocked_thread(Function f)
      : thread_([this, f = std::move(f)] {
          tid_.store(static_cast<pid_t>(::syscall(SYS_gettid)));
          f();
          returned_.store(true);
        }) {}
  ~blocked_thread() { thread_.join(); }

  watched_thread id() const {
    while (tid_.load() == 0) std::this_thread::yield();
    return {::getpid(), tid_.load()};
  }
  bool has_returned() const { return returned_.load(); }

  /// Returns when the thread sleeps in one of these system calls.
  sleep_state wait_until_asleep_in(std::initializer_list<long> calls) const { return wait_until_asleep(id(), calls); }

  static sleep_state wait_until_asleep(const watched_thread& thread, std::initializer_list<long> calls) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (std::chrono::steady_clock::now() < deadline) {
      const auto state = read_sleep_state(thread);
      if (state && std::ranges::find(calls, state->call.number) != calls.end()) return *state;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    throw std::runtime_error("the thread does not fall asleep in the expected call");
  }

 private:
  std::atomic<pid_t> tid_{0};
  std::atomic<bool> returned_{false};
  std::thread thread_;
};

inline bool has_function(const std::vector<stack_frame>& stack, std::string_view name) {
  return std::ranges::find(stack, name, &stack_frame::function) != stack.end();
}

/// The functions of a stack, for messages.
inline std::string functions_of(const std::vector<stack_frame>& stack) {
  std::string out;
  for (const auto& frame : stack) out += frame.function + ", ";
  return out;
}

}  // namespace loopscope::monitor::testing
