#include "server/monitor/explain/stack_sampler.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "server/monitor/options.hpp"
#include "tests/unit/monitor/build_kind.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A thread that sleeps in a system call, with every signal blocked until unblock_signals().
class sleeping_thread {
 public:
  sleeping_thread() {
    ::sem_init(&end_, 0, 0);
    std::promise<pid_t> tid;
    auto known = tid.get_future();
    thread_ = std::thread([this, &tid] {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      tid.set_value(::gettid());
      unblock_.get_future().wait();
      ::sigemptyset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      unblocked_.set_value();
      // ThreadSanitizer delivers signals in this call at once.
      while (::sem_wait(&end_) != 0) {
      }
    });
    tid_ = known.get();
  }
  ~sleeping_thread() {
    if (!is_unblocked_) unblock_signals();
    ::sem_post(&end_);
    thread_.join();
    ::sem_destroy(&end_);
  }
  pid_t tid() const { return tid_; }
  void unblock_signals() {
    is_unblocked_ = true;
    unblock_.set_value();
    unblocked_.get_future().wait();
  }

 private:
  bool is_unblocked_ = false;
  std::promise<void> unblock_;
  std::promise<void> unblocked_;
  sem_t end_;
  std::thread thread_;
  pid_t tid_ = 0;
};

TEST(stack_sampler, returns_the_stack_of_a_sleeping_thread) {
  sleeping_thread thread;
  thread.unblock_signals();
  stack_sampler sampler(default_capture_signal);
  ASSERT_TRUE(sampler.disabled_reason().empty()) << sampler.disabled_reason();
  ASSERT_TRUE(sampler.request(thread.tid()));
  const auto stack = sampler.collect(with_thread_sanitizer ? seconds{1} : seconds{10});
  if (!stack && with_thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer held the signal back";
  ASSERT_TRUE(stack);
  EXPECT_GE(stack->addresses.size(), 3U);
  EXPECT_FALSE(stack->exception_in_flight);
  EXPECT_FALSE(sampler.pending());
}

TEST(stack_sampler, stops_waiting_and_returns_the_stack_when_it_comes) {
  sleeping_thread thread;
  stack_sampler sampler(default_capture_signal);
  ASSERT_TRUE(sampler.request(thread.tid()));
  EXPECT_FALSE(sampler.collect(milliseconds{5}));
  EXPECT_TRUE(sampler.pending());
  thread.unblock_signals();
  const auto stack = sampler.collect(seconds{10});
  ASSERT_TRUE(stack);
  EXPECT_FALSE(stack->addresses.empty());
}

TEST(stack_sampler, ignores_the_stack_of_a_request_that_was_cancelled) {
  sleeping_thread thread;
  stack_sampler sampler(default_capture_signal);
  ASSERT_TRUE(sampler.request(thread.tid()));
  EXPECT_FALSE(sampler.collect(milliseconds{5}));
  sampler.cancel();
  // The next request is for another thread, and the first thread handles its signal meanwhile.
  sleeping_thread other;
  ASSERT_TRUE(sampler.request(other.tid()));
  thread.unblock_signals();
  EXPECT_FALSE(sampler.collect(milliseconds{50}));
  other.unblock_signals();
  EXPECT_TRUE(sampler.collect(seconds{10}));
}

TEST(stack_sampler, keeps_errno_of_the_thread_that_it_interrupts) {
  std::atomic<bool> stop{false};
  std::atomic<int> changed{0};
  std::promise<pid_t> tid;
  std::thread thread([&] {
    tid.set_value(::gettid());
    errno = 4711;
    while (!stop) changed += errno != 4711;
  });
  const auto target = tid.get_future().get();
  stack_sampler sampler(default_capture_signal);
  int stacks = 0;
  for (int i = 0; i < 20; ++i) {
    if (!sampler.request(target)) break;
    if (sampler.collect(milliseconds{200})) ++stacks;
    sampler.cancel();
  }
  stop = true;
  thread.join();
  EXPECT_EQ(changed, 0);
  if (!with_thread_sanitizer) {
    EXPECT_GT(stacks, 0);
  }
}

TEST(stack_sampler, requests_nothing_from_a_thread_that_has_ended) {
  pid_t tid = 0;
  std::thread([&] { tid = ::gettid(); }).join();
  stack_sampler sampler(default_capture_signal);
  EXPECT_FALSE(sampler.request(tid));
  EXPECT_FALSE(sampler.pending());
}

TEST(stack_sampler, does_not_use_a_signal_that_the_application_handles) {
  const int signal = SIGRTMIN + 11;
  struct sigaction handled_by_application {};
  handled_by_application.sa_handler = SIG_IGN;
  ::sigaction(signal, &handled_by_application, nullptr);
  const stack_sampler sampler(signal);
  EXPECT_NE(sampler.disabled_reason().find("uses signal"), std::string::npos);
  struct sigaction now {};
  ::sigaction(signal, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
}

TEST(stack_sampler, is_disabled_for_signals_that_are_not_real_time_signals) {
  EXPECT_FALSE(stack_sampler(SIGTERM).disabled_reason().empty());
  EXPECT_FALSE(stack_sampler(1000).disabled_reason().empty());
  EXPECT_FALSE(stack_sampler(no_capture_signal).disabled_reason().empty());
}

TEST(stack_sampler, supports_a_limited_number_of_loops_and_says_so) {
  std::vector<std::unique_ptr<stack_sampler>> all;
  for (int i = 0; i < 64; ++i) all.push_back(std::make_unique<stack_sampler>(default_capture_signal));
  EXPECT_TRUE(all.back()->disabled_reason().empty());
  EXPECT_NE(stack_sampler(default_capture_signal).disabled_reason().find("64 loops"), std::string::npos);
  all.pop_back();
  EXPECT_TRUE(stack_sampler(default_capture_signal).disabled_reason().empty());
}

}  // namespace
}  // namespace loopscope::monitor::testing
