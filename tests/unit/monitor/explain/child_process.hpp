// SPDX-License-Identifier: MIT

#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>

#include "server/monitor/detect/watched_thread.hpp"

namespace loopscope::monitor::testing {

/// Words that a child process shares with the test.
struct shared_words {
  std::atomic<bool> ready{false};
  std::atomic<long> turns{0};
  std::atomic<long> interrupted{0};
  std::atomic<long> signals{0};
};

/// A child that runs a function, until it is killed at the end of the test's scope.
class child_process {
 public:
  template <class Function>
  explicit child_process(Function f)
      : words_(static_cast<shared_words*>(
            ::mmap(nullptr, sizeof(shared_words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (words_ == MAP_FAILED) throw std::runtime_error("mmap");
    new (words_) shared_words;
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      f(*words_);
      ::_exit(0);
    }
  }
  ~child_process() {
    kill_and_wait();
    ::munmap(words_, sizeof(shared_words));
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  watched_thread main_thread() const { return {pid_, pid_}; }
  shared_words& words() const { return *words_; }

  void wait_until_ready() const {
    while (!words_->ready) std::this_thread::yield();
  }
  /// Whether the child does more turns.
  bool goes_on() const {
    const auto before = words_->turns.load();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (words_->turns == before && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return words_->turns != before;
  }
  /// Returns the child's exit status.
  int kill_and_wait() {
    int status = 0;
    if (pid_ <= 0) return status;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

 private:
  shared_words* words_;
  pid_t pid_ = 0;
};

}  // namespace loopscope::monitor::testing
