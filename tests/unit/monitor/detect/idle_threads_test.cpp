// SPDX-License-Identifier: MIT

#include "server/monitor/detect/idle_threads.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace loopscope::monitor {
namespace {

/// The call in which a thread sleeps, once it does.
system::syscall_line call_of(const std::atomic<pid_t>& tid) {
  for (;;) {
    const auto waiting = find_waiting_threads(1000);
    const auto found = std::ranges::find(waiting, tid.load(), &waiting_thread::tid);
    if (found != waiting.end()) return found->call;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

TEST(idle_threads, a_wait_for_a_condition_is_told_from_one_for_a_lock) {
  std::mutex mutex;
  std::condition_variable condition;
  bool ended = false;
  std::atomic<pid_t> waits{0};
  std::atomic<pid_t> locks{0};
  std::thread waiter{[&] {
    std::unique_lock lock(mutex);
    waits = ::gettid();
    condition.wait(lock, [&] { return ended; });
  }};
  const auto wait = call_of(waits);
  std::unique_lock held(mutex);
  std::thread locker{[&] {
    locks = ::gettid();
    const std::lock_guard lock(mutex);
  }};
  const auto lock = call_of(locks);
  ended = true;
  held.unlock();
  condition.notify_all();
  waiter.join();
  locker.join();
  EXPECT_TRUE(is_condition_wait(wait));
  EXPECT_FALSE(is_condition_wait(lock));
}

}  // namespace
}  // namespace loopscope::monitor
