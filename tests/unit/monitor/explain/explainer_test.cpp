// SPDX-License-Identifier: MIT

#include "server/monitor/explain/explainer.hpp"

#include <gtest/gtest.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

#include "tests/unit/monitor/blockers.hpp"
#include "tests/unit/monitor/build_kind.hpp"
#include "tests/unit/monitor/explain/ask.hpp"
#include "tests/unit/monitor/explain/blocked_thread.hpp"
#include "tests/unit/monitor/explain/coroutine_chain.hpp"
#include "tests/unit/monitor/running_loop.hpp"

namespace app {

volatile int taken = 0;

__attribute__((noinline)) void take_lock(std::mutex& mutex) {
  mutex.lock();
  taken = taken + 1;
  mutex.unlock();
}

__attribute__((noinline)) void read_shared(std::shared_mutex& mutex) {
  mutex.lock_shared();
  taken = taken + 1;
  mutex.unlock_shared();
}

__attribute__((noinline)) void write_shared(std::shared_mutex& mutex) {
  mutex.lock();
  taken = taken + 1;
  mutex.unlock();
}

/// Holds the lock while it waits for a byte.
template <class Mutex>
__attribute__((noinline)) void refresh(Mutex& mutex, int fd) {
  const std::lock_guard lock(mutex);
  blocking_read(fd);
  taken = taken + 1;
}

}  // namespace app

namespace loopscope::monitor::testing {
namespace {

/// A pipe that threads read from until wake().
class gate {
 public:
  gate() {
    if (::pipe(fds_.data()) != 0) throw std::runtime_error("pipe");
  }
  ~gate() {
    for (const int fd : fds_) ::close(fd);
  }
  int reader() const { return fds_[0]; }
  void open() const { ASSERT_EQ(::write(fds_[1], "12345678", 8), 8); }

 private:
  std::array<int, 2> fds_{};
};

explanation explain(const blocked_thread& thread, std::initializer_list<long> calls) {
  const auto asleep = thread.wait_until_asleep_in(calls);
  return ask({.thread = thread.id(), .asleep_in = asleep.call, .source_root = LOOPSCOPE_SOURCE_ROOT});
}

template <class Mutex, class Waiter>
void expect_holder(lock_kind kind, Waiter wait, const char* waiter) {
  Mutex mutex;
  const gate file;
  blocked_thread holder([&] { app::refresh(mutex, file.reader()); });
  holder.wait_until_asleep_in({SYS_read});
  blocked_thread blocked([&] { wait(mutex); });
  const auto found = explain(blocked, {SYS_futex});
  file.open();
  EXPECT_TRUE(has_function(found.stack, waiter)) << functions_of(found.stack) << found.no_stack_reason;
  ASSERT_TRUE(found.call);
  EXPECT_EQ(found.call->name, "futex");
  EXPECT_EQ(found.lock, kind);
  ASSERT_TRUE(found.holder);
  EXPECT_EQ(found.holder->tid, holder.id().tid);
  EXPECT_FALSE(found.holder->running);
  EXPECT_EQ(found.holder->thread_name, "unit_monitor_li");
  ASSERT_TRUE(found.holder->call);
  EXPECT_EQ(found.holder->call->name, "read");
  EXPECT_TRUE(has_function(found.holder->stack, "app::refresh")) << functions_of(found.holder->stack);
  ASSERT_TRUE(found.holder->culprit);
  EXPECT_EQ(found.holder->stack[*found.holder->culprit].function, "app::blocking_read");
  EXPECT_EQ(found.holder->stack[*found.holder->culprit].file, "tests/unit/monitor/blockers.cpp");
}

TEST(explainer, names_the_holder_of_a_mutex_with_its_stack) {
  expect_holder<std::mutex>(
      lock_kind::mutex, [](auto& mutex) { app::take_lock(mutex); }, "app::take_lock");
}

TEST(explainer, names_the_writer_that_holds_up_a_reader) {
  expect_holder<std::shared_mutex>(
      lock_kind::shared_mutex, [](auto& mutex) { app::read_shared(mutex); }, "app::read_shared");
}

TEST(explainer, names_the_writer_that_holds_up_a_writer) {
  expect_holder<std::shared_mutex>(
      lock_kind::shared_mutex, [](auto& mutex) { app::write_shared(mutex); }, "app::write_shared");
}

TEST(explainer, says_that_a_holder_runs) {
  std::mutex mutex;
  std::atomic<bool> held{false};
  std::atomic<bool> done{false};
  blocked_thread holder([&] {
    const std::lock_guard lock(mutex);
    held = true;
    while (!done) continue;
  });
  wait_until("the lock is held", [&] { return held.load(); });
  blocked_thread blocked([&] { app::take_lock(mutex); });
  const auto found = explain(blocked, {SYS_futex});
  done = true;
  ASSERT_TRUE(found.holder);
  EXPECT_EQ(found.holder->tid, holder.id().tid);
  EXPECT_TRUE(found.holder->running);
  EXPECT_TRUE(found.holder->stack.empty());
  EXPECT_FALSE(found.holder->call);
}

TEST(explainer, knows_no_holder_of_a_condition_variable) {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false;
  blocked_thread blocked([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ready; });
  });
  const auto found = explain(blocked, {SYS_futex});
  {
    const std::lock_guard lock(mutex);
    ready = true;
  }
  changed.notify_all();
  EXPECT_EQ(found.lock, lock_kind::condition_variable);
  EXPECT_FALSE(found.holder);
  EXPECT_FALSE(found.stack.empty());
}

TEST(explainer, knows_no_holder_of_a_semaphore) {
  sem_t semaphore;
  ::sem_init(&semaphore, 0, 0);
  blocked_thread blocked([&] { ::sem_wait(&semaphore); });
  const auto found = explain(blocked, {SYS_futex});
  ::sem_post(&semaphore);
  EXPECT_EQ(found.lock, lock_kind::unknown);
  EXPECT_FALSE(found.holder);
}

TEST(explainer, names_the_coroutines_that_await_the_blocked_one) {
  const gate file;
  boost::asio::io_context io;
  boost::asio::co_spawn(io, app::outermost(file.reader()), boost::asio::detached);
  blocked_thread blocked([&] { io.run(); });
  const auto found = explain(blocked, {SYS_read});
  file.open();
  EXPECT_TRUE(has_function(found.stack, "app::inner")) << functions_of(found.stack);
  ASSERT_EQ(found.awaited_by.size(), 3U) << functions_of(found.awaited_by);
  EXPECT_EQ(found.awaited_by[0].function, "app::middle");
  EXPECT_EQ(found.awaited_by[1].function, "app::outer");
  EXPECT_EQ(found.awaited_by[2].function, "app::outermost");
  EXPECT_EQ(found.awaited_by[0].file, "tests/unit/monitor/explain/coroutine_chain.cpp");
  EXPECT_GT(found.awaited_by[1].line, found.awaited_by[0].line);
}

TEST(explainer, knows_no_awaiting_coroutine_of_plain_code) {
  const gate file;
  blocked_thread blocked([&] { app::blocking_read(file.reader()); });
  const auto found = explain(blocked, {SYS_read});
  file.open();
  EXPECT_FALSE(found.stack.empty());
  EXPECT_TRUE(found.awaited_by.empty());
}

TEST(explainer, does_not_explain_a_call_that_is_over) {
  const gate file;
  blocked_thread blocked([&] { app::blocking_read(file.reader()); });
  auto other = blocked.wait_until_asleep_in({SYS_read}).call;
  other.arguments[0] += 1;
  const auto found = ask({.thread = blocked.id(), .asleep_in = other});
  file.open();
  EXPECT_TRUE(found.moved);
  EXPECT_TRUE(found.stack.empty());
  EXPECT_EQ(found.no_stack_reason, "the thread went on before its stack was read");
}

TEST(explainer, only_names_a_captured_stack) {
  raw_stack captured;
  captured.addresses = {reinterpret_cast<const void*>(&app::blocking_spin)};
  const auto found = ask({.captured = captured});
  ASSERT_EQ(found.stack.size(), 1U);
  EXPECT_EQ(found.stack[0].function, "app::blocking_spin");
  captured.exception_in_flight = true;
  captured.addresses.clear();
  EXPECT_EQ(ask({.captured = captured}).no_stack_reason, "an exception was in flight");
}

TEST(explainer, refuses_a_job_when_64_others_wait) {
  explainer from_outside;
  std::promise<void> held;
  std::promise<void> go_on;
  const auto first = from_outside.submit({.captured = raw_stack{}}, [&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  std::vector<std::shared_ptr<explanation_job>> jobs;
  for (int i = 0; i < 64; ++i) jobs.push_back(from_outside.submit({.captured = raw_stack{}}, {}));
  bool called = false;
  const auto refused = from_outside.submit({.captured = raw_stack{}}, [&] { called = true; });
  EXPECT_TRUE(called);
  EXPECT_TRUE(refused->done());
  if (refused->done()) {
    EXPECT_EQ(refused->take().no_stack_reason, "64 stacks are waiting to be explained");
  }
  EXPECT_FALSE(jobs.back()->done());
  go_on.set_value();
  for (const auto& job : jobs) wait_until("every job is done", [&] { return job->done(); });
}

TEST(explainer, ends_with_jobs_that_wait) {
  auto from_outside = std::make_unique<explainer>();
  std::promise<void> held;
  std::promise<void> go_on;
  from_outside->submit({.captured = raw_stack{}}, [&] {
    held.set_value();
    go_on.get_future().wait();
    throw std::runtime_error("dropped");
  });
  held.get_future().wait();
  const auto waiting = from_outside->submit({.captured = raw_stack{}}, {});
  std::thread release([&] { go_on.set_value(); });
  from_outside.reset();
  release.join();
  EXPECT_LE(waiting.use_count(), 1);
}

TEST(explainer, explains_a_copied_stack_when_the_thread_has_gone_on) {
  const gate file;
  std::shared_ptr<const stack_copy> copy;
  {
    blocked_thread blocked([&] { app::blocking_read(file.reader()); });
    blocked.wait_until_asleep_in({SYS_read});
    copy = copy_sleeping_stack(blocked.id());
    file.open();
  }
  ASSERT_TRUE(copy);
  const auto found = ask({.thread = copy->thread, .asleep_in = copy->state.call, .copy = copy});
  EXPECT_FALSE(found.moved);
  EXPECT_TRUE(has_function(found.stack, "app::blocking_read")) << functions_of(found.stack);
  EXPECT_FALSE(found.call);
}

TEST(explainer, works_in_a_forked_child_when_it_is_restarted) {
  if (with_address_sanitizer || with_thread_sanitizer)
    GTEST_SKIP() << "a sanitizer's allocator may be locked in the child";
  auto copied = std::make_unique<explainer>();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    copied->restart_in_child();
    const auto job = copied->submit({.captured = raw_stack{}}, {});
    while (!job->done()) std::this_thread::yield();
    copied.reset();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(explainer, ends_in_a_forked_child_without_its_thread) {
  if (with_address_sanitizer || with_thread_sanitizer)
    GTEST_SKIP() << "a sanitizer's allocator may be locked in the child";
  auto copied = std::make_unique<explainer>();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    copied.reset();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(explainer, may_work_while_the_process_exits) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto exit_at_work = [] {
    static auto from_outside = explainer::shared();
    static const std::atomic still_running = new std::shared_ptr<explainer>(from_outside);  // never destroyed
    static_cast<void>(still_running);
    raw_stack captured;
    for (int i = 0; i < 2000; ++i) captured.addresses.push_back(reinterpret_cast<const char*>(&std::exit) + i);
    for (int i = 0; i < 10; ++i) from_outside->submit({.captured = captured}, {});
    std::exit(7);
  };
  EXPECT_EXIT(exit_at_work(), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace loopscope::monitor::testing
