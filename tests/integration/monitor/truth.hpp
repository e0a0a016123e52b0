// SPDX-License-Identifier: MIT

#pragma once

#include <cerrno>
#include <chrono>

namespace lab {

/// What a block does to its thread, by the program's own clock and the kernel's accounting: a line of the journal.
///
/// Measures from the constructor to the destructor, on one thread.
class truth {
 public:
  truth(const char* kind, const char* function, int line = __builtin_LINE());
  truth(const truth&) = delete;
  truth& operator=(const truth&) = delete;
  ~truth();

  /// Keeps what the call returned, with errno if that is -1.
  void result(long returned) {
    errno_ = returned == -1 ? errno : 0;
    result_ = returned;
  }

 private:
  const char* kind_;
  const char* function_;
  const int line_;
  long result_ = 0;
  int errno_ = 0;
  std::chrono::nanoseconds queue_;
  std::chrono::nanoseconds cpu_;
  std::chrono::steady_clock::time_point start_;
};

/// What a handler takes that answers after its block: a line of the journal.
///
/// The answer wakes a client, and on a busy machine the handler then waits for a CPU, which is no part of the block.
class handler_time {
 public:
  handler_time() = default;
  handler_time(const handler_time&) = delete;
  handler_time& operator=(const handler_time&) = delete;
  ~handler_time();

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace lab
