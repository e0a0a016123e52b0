// SPDX-License-Identifier: MIT

#include "server/monitor/explain/thread_stop.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/time.h>

#include <thread>

#include "tests/support/eventually.hpp"
#include "tests/unit/monitor/build_kind.hpp"
#include "tests/unit/monitor/explain/child_process.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor::testing {
namespace {

void spin(shared_words& words) {
  words.ready = true;
  for (;;) ++words.turns;
}

bool never() {
  return false;
}

std::string status_of(const watched_thread& thread) {
  return system::proc_file(thread.folder() + "/status").read();
}

stopped_copy take(const child_process& child) {
  return blocking_stop_and_copy(child.main_thread(), never);
}

TEST(thread_stop, copies_the_registers_and_the_stack_of_a_running_thread) {
  const child_process child(spin);
  child.wait_until_ready();
  const auto taken = take(child);
  ASSERT_TRUE(taken.copy) << taken.obstacle;
  ASSERT_TRUE(taken.copy->registers);
  EXPECT_GT(taken.copy->content.size(), 256U);
  EXPECT_EQ(taken.copy->registers->values[thread_registers::stack_pointer], taken.copy->state.call.stack_pointer);
}

TEST(thread_stop, lets_the_thread_go_on) {
  const child_process child(spin);
  child.wait_until_ready();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(take(child).copy);
    ASSERT_TRUE(child.goes_on());
  }
  EXPECT_EQ(system::parse_field(status_of(child.main_thread()), "TracerPid"), 0U);
}

#if defined(__x86_64__)
TEST(thread_stop, does_not_end_a_wait_for_events) {
  const child_process child([](shared_words& words) {
    const int events = ::epoll_create1(0);
    words.ready = true;
    for (;; ++words.turns) {
      epoll_event one;
      if (::epoll_wait(events, &one, 1, 5) < 0) ++words.interrupted;
    }
  });
  child.wait_until_ready();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(take(child).copy);
  EXPECT_TRUE(child.goes_on());
  EXPECT_EQ(child.words().interrupted, 0);
}
#endif

std::atomic<long>* counted_signals = nullptr;

TEST(thread_stop, delivers_the_signals_that_come_meanwhile) {
  constexpr int sent = 300;
  const child_process child([](shared_words& words) {
    counted_signals = &words.signals;
    ::signal(SIGUSR1, [](int) { ++*counted_signals; });
    spin(words);
  });
  child.wait_until_ready();
  for (int i = 1; i <= sent; ++i) {
    ASSERT_EQ(::kill(child.main_thread().pid, SIGUSR1), 0);
    ASSERT_TRUE(take(child).copy);
    while (child.words().signals < i) std::this_thread::yield();
  }
  EXPECT_EQ(child.words().signals, sent);
}

TEST(thread_stop, leaves_a_stopped_process_stopped) {
  const child_process child(spin);
  child.wait_until_ready();
  const auto pid = child.main_thread().pid;
  ::kill(pid, SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
  EXPECT_EQ(obstacle_to_look_into(child.main_thread()), "the process is stopped by a signal");
  EXPECT_TRUE(take(child).copy);
  // The kernel puts it back to its stop when it runs next.
  EXPECT_TRUE(
      loopscope::testing::eventually([&] { return system::parse_state(status_of(child.main_thread())) == 'T'; }));
  ::kill(pid, SIGCONT);
  EXPECT_TRUE(child.goes_on());
}

TEST(thread_stop, survives_the_end_of_the_thread_and_leaves_its_exit_status) {
  for (int i = 0; i < 20; ++i) {
    child_process child(spin);
    child.wait_until_ready();
    const auto thread = child.main_thread();
    std::thread stopper([&] {
      while (blocking_stop_and_copy(thread, never).copy) continue;
    });
    const int status = child.kill_and_wait();
    stopper.join();
    EXPECT_TRUE(WIFSIGNALED(status));
  }
}

TEST(thread_stop, lets_the_thread_go_when_the_stopping_process_is_killed) {
  const child_process child(spin);
  child.wait_until_ready();
  for (int i = 0; i < 20; ++i) {
    child_process stopper([&](shared_words& words) {
      words.ready = true;
      for (;;) blocking_stop_and_copy(child.main_thread(), never);
    });
    stopper.wait_until_ready();
    std::this_thread::sleep_for(std::chrono::milliseconds{1 + i % 3});
    stopper.kill_and_wait();
    ASSERT_TRUE(child.goes_on());
  }
}

TEST(thread_stop, says_why_it_cannot_stop_a_thread) {
  child_process traced([](shared_words& words) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    spin(words);
  });
  traced.wait_until_ready();
  EXPECT_EQ(take(traced).obstacle, "another debugger traces the thread (process " + std::to_string(::getpid()) + ')');
  const auto thread = traced.main_thread();
  traced.kill_and_wait();
  EXPECT_EQ(blocking_stop_and_copy(thread, never).obstacle, "the thread has ended");
  EXPECT_EQ(obstacle_to_look_into(thread), "the thread has ended");
}

TEST(thread_stop, gives_up_when_it_shall) {
  if (with_thread_sanitizer) GTEST_SKIP() << "its vfork(2) is a fork(2), which waits for nobody";
  // The child waits in vfork(2) for its own child, in a state in which it takes no stop.
  const child_process child([](shared_words& words) {
    words.ready = true;
    if (::vfork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::sleep(60);
      ::_exit(0);
    }
  });
  child.wait_until_ready();
  while (system::parse_state(status_of(child.main_thread())) != 'D') std::this_thread::yield();
  EXPECT_EQ(blocking_stop_and_copy(child.main_thread(), [] { return true; }).obstacle, "the explainer ends");
  EXPECT_EQ(system::parse_field(status_of(child.main_thread()), "TracerPid"), 0U);
}

}  // namespace
}  // namespace loopscope::monitor::testing
