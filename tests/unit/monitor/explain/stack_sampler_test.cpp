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

/// A thread that sleeps in a system call, with every signal blocked until it is told otherwise.
class deaf_thread {
 public:
  deaf_thread() {
    ::sem_init(&end_, 0, 0);
    std::promise<pid_t> tid;
    auto known = tid.get_future();
    thread_ = std::thread([this, &tid] {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      tid.set_value(::gettid());
      listen_.get_future().wait();
      ::sigemptyset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      listening_.set_value();
      // One of the calls in which ThreadSanitizer delivers signals at once.
      while (::sem_wait(&end_) != 0) {
      }
    });
    tid_ = known.get();
  }
  ~deaf_thread() {
    ::sem_post(&end_);
    thread_.join();
    ::sem_destroy(&end_);
  }
  pid_t tid() const { return tid_; }
  void listen() {
    listen_.set_value();
    listening_.get_future().wait();
  }

 private:
  std::promise<void> listen_;
  std::promise<void> listening_;
  sem_t end_;
  std::thread thread_;
  pid_t tid_ = 0;
};

TEST(stack_sampler, gets_the_stack_of_a_thread_that_answers) {
  deaf_thread thread;
  thread.listen();
  stack_sampler catcher(default_capture_signal);
  ASSERT_TRUE(catcher.disabled_reason().empty()) << catcher.disabled_reason();
  ASSERT_TRUE(catcher.request(thread.tid()));
  const auto stack = catcher.collect(with_thread_sanitizer ? seconds{1} : seconds{10});
  if (!stack && with_thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer kept the signal";
  ASSERT_TRUE(stack);
  EXPECT_GE(stack->addresses.size(), 3U);
  EXPECT_FALSE(stack->exception_in_flight);
  EXPECT_FALSE(catcher.pending());
}

TEST(stack_sampler, gives_up_waiting_and_takes_the_answer_when_it_comes) {
  deaf_thread thread;
  stack_sampler catcher(default_capture_signal);
  ASSERT_TRUE(catcher.request(thread.tid()));
  EXPECT_FALSE(catcher.collect(milliseconds{5}));
  EXPECT_TRUE(catcher.pending());
  thread.listen();
  const auto stack = catcher.collect(seconds{10});
  ASSERT_TRUE(stack);
  EXPECT_FALSE(stack->addresses.empty());
}

TEST(stack_sampler, ignores_the_answer_to_a_request_that_was_cancelled) {
  deaf_thread thread;
  stack_sampler catcher(default_capture_signal);
  ASSERT_TRUE(catcher.request(thread.tid()));
  EXPECT_FALSE(catcher.collect(milliseconds{5}));
  catcher.cancel();
  // The next request is to another thread, and the first one's answer comes while it waits.
  deaf_thread other;
  ASSERT_TRUE(catcher.request(other.tid()));
  thread.listen();
  EXPECT_FALSE(catcher.collect(milliseconds{50}));
  other.listen();
  EXPECT_TRUE(catcher.collect(seconds{10}));
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
  stack_sampler catcher(default_capture_signal);
  int caught = 0;
  for (int i = 0; i < 20; ++i) {
    if (!catcher.request(target)) break;
    if (catcher.collect(milliseconds{200})) ++caught;
    catcher.cancel();
  }
  stop = true;
  thread.join();
  EXPECT_EQ(changed, 0);
  if (!with_thread_sanitizer) {
    EXPECT_GT(caught, 0);
  }
}

TEST(stack_sampler, cannot_ask_a_thread_that_has_ended) {
  pid_t tid = 0;
  std::thread([&] { tid = ::gettid(); }).join();
  stack_sampler catcher(default_capture_signal);
  EXPECT_FALSE(catcher.request(tid));
  EXPECT_FALSE(catcher.pending());
}

TEST(stack_sampler, leaves_a_signal_alone_that_the_application_handles) {
  const int signal = SIGRTMIN + 11;
  struct sigaction theirs {};
  theirs.sa_handler = SIG_IGN;
  ::sigaction(signal, &theirs, nullptr);
  const stack_sampler catcher(signal);
  EXPECT_NE(catcher.disabled_reason().find("uses signal"), std::string::npos);
  struct sigaction now {};
  ::sigaction(signal, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
}

TEST(stack_sampler, refuses_signals_that_mean_something_else) {
  EXPECT_FALSE(stack_sampler(SIGTERM).disabled_reason().empty());
  EXPECT_FALSE(stack_sampler(1000).disabled_reason().empty());
  EXPECT_FALSE(stack_sampler(no_capture_signal).disabled_reason().empty());
}

TEST(stack_sampler, serves_a_bounded_number_of_loops_and_says_so) {
  std::vector<std::unique_ptr<stack_sampler>> all;
  for (int i = 0; i < 64; ++i) all.push_back(std::make_unique<stack_sampler>(default_capture_signal));
  EXPECT_TRUE(all.back()->disabled_reason().empty());
  EXPECT_NE(stack_sampler(default_capture_signal).disabled_reason().find("64 loops"), std::string::npos);
  all.pop_back();
  EXPECT_TRUE(stack_sampler(default_capture_signal).disabled_reason().empty());
}

}  // namespace
}  // namespace loopscope::monitor::testing
