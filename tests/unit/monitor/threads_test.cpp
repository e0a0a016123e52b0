// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "blockers.hpp"
#include "build_kind.hpp"
#include "running_loop.hpp"
#include "tests/unit/monitor/explain/blocked_thread.hpp"

namespace loopscope::monitor::testing {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

enum class run_by { run, monitor };

/// An io_context that several threads run, with a monitor.
class shared_loop {
 public:
  shared_loop(std::size_t threads, run_by how, const options& settings = {}) : monitor_(io_, settings) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, how] {
        if (how == run_by::monitor) {
          monitor_.run();
        } else {
          const auto seat = monitor_.join_thread();
          io_.run();
        }
      });
    }
    wait_until("all threads are known", [&] { return monitor_.snapshot().threads == threads; });
  }
  ~shared_loop() {
    work_.reset();
    io_.stop();
    for (auto& each : threads_) each.join();
  }

  asio::io_context& io() { return io_; }
  loop_monitor& monitor() { return monitor_; }

  /// Runs f on one of the threads and returns that thread's longest stall.
  template <class Function>
  stall_record stall_of(Function f) {
    std::promise<pid_t> ran;
    asio::post(io_, [&] {
      f();
      ran.set_value(::gettid());
    });
    auto done = ran.get_future();
    if (done.wait_for(max_wait) != std::future_status::ready) throw std::runtime_error("the handler does not end");
    const auto tid = done.get();
    std::vector<stall_record> stalls;
    wait_until("the stall has ended", [&] {
      stalls = monitor_.recent_stalls();
      std::erase_if(stalls, [&](const stall_record& r) { return r.tid != tid || r.in_progress; });
      return !stalls.empty() && monitor_.stall_to_blame() == 0;
    });
    return std::ranges::max(stalls, {}, &stall_record::duration);
  }

 private:
  asio::io_context io_{4};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  loop_monitor monitor_;
  std::vector<std::thread> threads_;
};

class on_four_threads : public ::testing::TestWithParam<run_by> {};

TEST_P(on_four_threads, a_thread_that_sleeps_is_a_stall_of_its_own) {
  shared_loop loop(4, GetParam(), {.name = "main"});
  const auto stall = loop.stall_of([] { app::blocking_sleep_until(steady::now() + milliseconds{300}); });
  EXPECT_EQ(stall.verdict, verdict::off_cpu) << stall.sentence;
  EXPECT_GE(stall.duration, milliseconds{290}) << stall.sentence;
  EXPECT_EQ(stall.threads, 4U);
  EXPECT_NE(stall.sentence.find("of loop main was blocked for"), std::string::npos) << stall.sentence;
  EXPECT_NE(stall.sentence.find("of 4 threads were free"), std::string::npos) << stall.sentence;
  const auto snapshot = loop.monitor().snapshot();
  EXPECT_GE(snapshot.capacity_lost, stall.duration);
  EXPECT_EQ(snapshot.stalled_for, nanoseconds{0});
}

TEST_P(on_four_threads, a_thread_that_computes_is_a_stall_of_its_own) {
  shared_loop loop(4, GetParam());
  const auto stall = loop.stall_of([] { app::blocking_spin(milliseconds{300}); });
  EXPECT_GE(stall.duration, milliseconds{280}) << stall.sentence;
  EXPECT_GE(*stall.cpu, milliseconds{250}) << stall.sentence;
}

TEST_P(on_four_threads, idle_threads_are_not_busy) {
  shared_loop loop(4, GetParam());
  auto reader = loop.monitor().interval();
  window_figures figures;
  std::uint64_t samples = 0;
  wait_until("some deadlines have passed", [&] {
    figures = reader.read();
    samples += figures.corrected.count;
    return samples > 20;
  });
  EXPECT_LT(loop.monitor().snapshot().total.busy_share, 0.5);
  // On a busy machine a thread may have to wait for a CPU before it can be idle.
  for (const auto& r : loop.monitor().recent_stalls()) EXPECT_EQ(r.verdict, verdict::run_queue) << r.sentence;
}

INSTANTIATE_TEST_SUITE_P(, on_four_threads, ::testing::Values(run_by::run, run_by::monitor),
                         [](const auto& each) { return each.param == run_by::run ? "run" : "counted_run"; });

TEST(several_threads, that_are_blocked_at_once_are_told_apart) {
  shared_loop loop(2, run_by::run);
  std::atomic<int> left{2};
  std::set<pid_t> tids;
  std::mutex mutex;
  for (int i = 0; i < 2; ++i) {
    asio::post(loop.io(), [&] {
      {
        const std::lock_guard lock(mutex);
        tids.insert(::gettid());
      }
      app::blocking_sleep_until(steady::now() + milliseconds{300});
      --left;
    });
  }
  wait_until("both have ended", [&] { return left == 0; });
  std::set<pid_t> blamed;
  wait_until("both stalls have ended", [&] {
    for (const auto& r : loop.monitor().recent_stalls()) {
      if (!r.in_progress && r.duration >= milliseconds{280}) blamed.insert(r.tid);
    }
    return blamed.size() == tids.size();
  });
  EXPECT_EQ(blamed, tids);
}

TEST(a_thread_pool, has_a_stall_when_one_of_its_threads_is_blocked) {
  asio::thread_pool pool(2);
  loop_monitor monitor(pool);
  wait_until("both threads are known", [&] {
    asio::post(pool, [] {});
    return monitor.snapshot().threads == 2;
  });
  std::promise<void> done;
  asio::post(pool, [&] {
    app::blocking_sleep_until(steady::now() + milliseconds{300});
    done.set_value();
  });
  done.get_future().wait();
  std::vector<stall_record> stalls;
  wait_until("the stall has ended", [&] {
    stalls = monitor.recent_stalls();
    return !stalls.empty() && !stalls.front().in_progress;
  });
  EXPECT_GE(stalls.front().duration, milliseconds{280}) << stalls.front().sentence;
  EXPECT_EQ(stalls.front().verdict, verdict::off_cpu);
}

/// As a thread that posts may wait for it, or one that has just left the loop.
TEST(a_thread_that_waits_for_the_lock_of_a_scheduler, is_no_thread_of_its_loop) {
  struct {
    std::mutex lock;
    std::condition_variable has_work;
    bool has_ended = false;
  } scheduler;
  std::atomic<bool> is_locked{false};
  const blocked_thread poster([&] {
    while (!is_locked) std::this_thread::yield();
    const std::lock_guard lock(scheduler.lock);
  });
  static_cast<void>(poster.id());  // the search comes to the thread first that began first
  const blocked_thread worker([&] {
    std::unique_lock lock(scheduler.lock);
    scheduler.has_work.wait(lock, [&] { return scheduler.has_ended; });
  });
  worker.wait_until_asleep_in({SYS_futex});
  std::unique_lock held(scheduler.lock);
  is_locked = true;
  poster.wait_until_asleep_in({SYS_futex});
  const auto begin = reinterpret_cast<std::uintptr_t>(&scheduler);
  loop_watch watch(
      {.post = [](const probe&) {}, .stopped = [] { return false; }, .scheduler = {begin, begin + sizeof scheduler}},
      {});
  wait_until("the worker is found", [&] { return watch.snapshot().threads > 0; });
  EXPECT_EQ(watch.snapshot().threads, 1U);
  scheduler.has_ended = true;
  held.unlock();
  scheduler.has_work.notify_all();
}

TEST(the_event_queue_of_a_context, is_told_from_other_numbers_in_the_memory_of_its_reactor) {
  // What a reactor does not write in its memory is from before.
  constexpr int stranger = 500;
  using asio::detail::reactor;
  std::array<int*, 7> earlier{};
  for (auto& each : earlier) {
    each = static_cast<int*>(::operator new(sizeof(reactor)));
    for (volatile int* at = each; at < each + sizeof(reactor) / sizeof(int); ++at) *at = stranger;
  }
  for (auto* each : earlier) ::operator delete(each);
  asio::io_context io;
  const asio::steady_timer timer(io);
  const auto owns = detail::hooks_of(io, 1).owns_event_queue;
  EXPECT_EQ(owns(stranger), false);
  int queues = 0;
  for (int descriptor = 0; descriptor < stranger; ++descriptor) {
    if (owns(descriptor) != true) continue;
    ++queues;
    EXPECT_EQ(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor)), "anon_inode:[eventpoll]");
  }
  EXPECT_EQ(queues, 1);
}

TEST(a_strand, that_is_held_up_while_threads_are_free_has_a_stall_of_its_own) {
  shared_loop loop(3, run_by::monitor, {.name = "main"});
  auto strand = asio::make_strand(loop.io());
  const auto watch = loop.monitor().watch(strand, "session 12");
  std::promise<void> done;
  asio::post(strand, [&] {
    app::blocking_sleep_until(steady::now() + milliseconds{300});
    done.set_value();
  });
  done.get_future().wait();
  std::vector<stall_record> stalls;
  wait_until("the strand's stall has ended", [&] {
    stalls = watch->recent_stalls();
    return !stalls.empty() && !stalls.front().in_progress;
  });
  EXPECT_EQ(stalls.size(), 1U);
  EXPECT_GE(stalls.front().duration, milliseconds{260}) << stalls.front().sentence;
  EXPECT_NE(stalls.front().sentence.find("session 12"), std::string::npos) << stalls.front().sentence;
  EXPECT_EQ(stalls.front().verdict, verdict::off_cpu) << stalls.front().sentence;
  EXPECT_GE(stalls.front().free_threads, 1U);
  EXPECT_EQ(watch->snapshot().total.stalls, 1U);
}

TEST(a_counted_run_loop, knows_how_long_its_handlers_take) {
  shared_loop loop(1, run_by::monitor);
  EXPECT_FALSE(loop.monitor().snapshot().threads == 0);
  const auto before = loop.monitor().snapshot().handlers.value();
  std::promise<void> done;
  asio::post(loop.io(), [&] {
    for (int i = 0; i < 10; ++i) asio::post(loop.io(), [] { app::blocking_spin(milliseconds{2}); });
    asio::post(loop.io(), [&] { done.set_value(); });
  });
  done.get_future().wait();
  const auto after = loop.monitor().snapshot().handlers.value();
  EXPECT_GE(after.count - before.count, 11U);
  EXPECT_GE(after.sum - before.sum, milliseconds{18});
  EXPECT_GE(after.max, milliseconds{2});
  constexpr std::size_t one_ms = 6;
  EXPECT_GE((after.count - before.count) - (after.buckets[one_ms] - before.buckets[one_ms]), 10U);
}

TEST(a_counted_run_loop, calls_a_queue_a_queue) {
  shared_loop loop(1, run_by::monitor, {.name = "queue"});
  constexpr int count = 60;
  std::promise<void> done;
  asio::post(loop.io(), [&] {
    for (int i = 0; i < count; ++i) asio::post(loop.io(), [] { app::blocking_spin(milliseconds{1}); });
    asio::post(loop.io(), [&] { done.set_value(); });
  });
  done.get_future().wait();
  std::vector<stall_record> stalls;
  wait_until("the queue is recorded", [&] {
    stalls = loop.monitor().recent_stalls();
    return !stalls.empty();
  });
  EXPECT_GE(stalls.front().queued_handlers, 20U) << stalls.front().sentence;
  EXPECT_LE(stalls.front().queued_handlers, std::uint64_t{count} + 5) << stalls.front().sentence;
  EXPECT_LT(stalls.front().longest_handler, milliseconds{25});
  EXPECT_NE(stalls.front().sentence.find("no single culprit"), std::string::npos) << stalls.front().sentence;
}

TEST(a_counted_run_loop, counts_handlers_just_above_the_threshold_and_none_below) {
  constexpr milliseconds threshold{50};
  shared_loop loop(1, run_by::monitor, {.stall_threshold = threshold, .settle_time = milliseconds{0}});
  std::size_t expected = 0;
  for (const int ms : {44, 56, 45, 58}) {
    std::promise<nanoseconds> took;
    asio::post(loop.io(), [&] {
      // The second handler follows the first, so that its start is known.
      asio::post(loop.io(), [&] {
        const auto start = steady::now();
        app::blocking_spin_until(start + milliseconds{ms});
        took.set_value(steady::now() - start);
      });
    });
    if (took.get_future().get() >= threshold) ++expected;
  }
  std::size_t found = 0;
  wait_until("every long handler is counted", [&] {
    found = loop.monitor().recent_stalls().size();
    return found >= expected;
  });
  EXPECT_EQ(found, expected);
}

TEST(a_counted_run_loop, runs_as_the_context_does) {
  asio::io_context io;
  loop_monitor monitor(io);
  EXPECT_LE(monitor.run(), 1U);  // no work but a probe, if one was posted by now
  io.restart();
  int handlers = 0;
  for (int i = 0; i < 3; ++i) asio::post(io, [&] { ++handlers; });
  EXPECT_GE(monitor.run(), 3U);  // a probe may be among them
  EXPECT_EQ(handlers, 3);
  io.restart();
  asio::post(io, [] { throw std::runtime_error("expected"); });
  asio::post(io, [&] { ++handlers; });
  EXPECT_THROW(monitor.run(), std::runtime_error);
  EXPECT_GE(monitor.run(), 1U);
  EXPECT_EQ(handlers, 4);
}

TEST(a_loop_that_is_polled, is_stalled_in_its_handlers_and_not_while_its_thread_does_something_else) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  loop_monitor monitor(io);
  const auto poll = [&] {
    const auto seat = monitor.join_thread();
    io.poll();
  };
  poll();
  app::blocking_spin(milliseconds{150});
  asio::post(io, [] { app::blocking_spin(milliseconds{80}); });
  poll();
  app::blocking_spin(milliseconds{150});
  poll();
  std::vector<stall_record> stalls;
  wait_until("the stall has ended", [&] {
    poll();
    stalls = monitor.recent_stalls();
    return !stalls.empty() && !stalls.front().in_progress;
  });
  ASSERT_EQ(stalls.size(), 1U);
  EXPECT_LT(*stalls.front().cpu, milliseconds{120}) << stalls.front().sentence;
}

TEST(options_that_make_no_sense, are_refused) {
  asio::io_context io;
  const auto make = [&](const options& settings) { const loop_monitor monitor(io, settings); };
  for (const auto time : {milliseconds{0}, milliseconds{-1}, milliseconds::max()}) {
    EXPECT_THROW(make({.stall_threshold = time}), std::invalid_argument);
    EXPECT_THROW(make({.probe_interval = time}), std::invalid_argument);
  }
  EXPECT_THROW(make({.capture_signal = 1000}), std::invalid_argument);
  EXPECT_THROW(make({.settle_time = milliseconds{-1}}), std::invalid_argument);
  EXPECT_NO_THROW(make({}));
}

TEST(a_monitor, outlives_its_context) {
  std::optional<loop_monitor> monitor;
  {
    asio::io_context io;
    monitor.emplace(io);
    io.run_for(milliseconds{60});
  }
  std::this_thread::sleep_for(milliseconds{100});  // the watchdog looks again
  EXPECT_EQ(monitor->stalled_for(), nanoseconds{0});
}

TEST(a_monitor, counts_hooks_that_throw) {
  loop_watch watch({[](const probe&) { throw std::runtime_error("expected"); }, [] { return false; }}, {});
  wait_until("the error is counted", [&] { return watch.snapshot().callback_errors >= 1; });
}

TEST(a_handler, that_stops_its_loop_is_stalled_until_it_returns) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  loop_monitor monitor(io, {.settle_time = milliseconds{0}});
  std::thread thread([&] { io.run(); });
  wait_until("the loop runs", [&] { return monitor.snapshot().running; });
  nanoseconds took{0};
  asio::post(io, [&] {
    const auto start = steady::now();
    app::blocking_sleep_until(start + milliseconds{100});
    io.stop();
    app::blocking_sleep_until(start + milliseconds{400});
    took = steady::now() - start;
  });
  thread.join();
  std::vector<stall_record> stalls;
  wait_until("the stall has ended", [&] {
    stalls = monitor.recent_stalls();
    return !stalls.empty() && !stalls.front().in_progress;
  });
  EXPECT_GE(stalls.front().duration, took - milliseconds{60}) << stalls.front().sentence;
}

TEST(a_slow_callback, delays_no_verdict) {
  std::atomic<int> calls{0};
  running_loop quick;
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  loop_monitor slow(io, {.on_stall = [&](const stall_record&) {
                      ++calls;
                      std::this_thread::sleep_for(milliseconds{300});
                    }});
  std::thread thread([&] { io.run(); });
  wait_until("the loop runs", [&] { return slow.snapshot().running; });
  asio::post(io, [] { app::blocking_sleep_until(steady::now() + milliseconds{100}); });
  wait_until("the callback runs", [&] { return calls > 0; });
  const auto stall = quick.stall_of([] { app::blocking_sleep_until(steady::now() + milliseconds{150}); });
  EXPECT_EQ(stall.verdict, verdict::off_cpu) << stall.sentence;
  EXPECT_GE(stall.duration, milliseconds{140});
  work.reset();
  thread.join();
}

TEST(every_ended_stall, calls_on_stall_end) {
  std::atomic<int> ended{0};
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  loop_monitor monitor(io, {.settle_time = milliseconds{0}, .on_stall_end = [&](const stall_record& r) {
                              if (r.duration >= milliseconds{60}) ++ended;
                            }});
  std::thread thread([&] { io.run(); });
  wait_until("the loop runs", [&] { return monitor.snapshot().running; });
  for (int i = 0; i < 5; ++i) {
    asio::post(io, [] { app::blocking_sleep_until(steady::now() + milliseconds{80}); });
    wait_until("the stall is told", [&] { return ended > i; });
  }
  EXPECT_EQ(ended, 5);
  work.reset();
  thread.join();
}

TEST(a_counted_loop, is_watched_from_its_first_handler_on) {
  asio::io_context io;
  loop_monitor monitor(io, {.settle_time = milliseconds{0}});
  asio::post(io, [] { app::blocking_sleep_until(steady::now() + milliseconds{120}); });
  monitor.run();
  std::vector<stall_record> stalls;
  wait_until("the end of the stall is told",
             [&] { return !(stalls = monitor.recent_stalls()).empty() && !stalls.front().in_progress; });
  EXPECT_GE(stalls.front().duration, milliseconds{115}) << stalls.front().sentence;
}

TEST(a_warning, is_given_once_where_several_threads_do_not_count_their_handlers) {
  for (const auto how : {run_by::run, run_by::monitor}) {
    std::atomic<int> warnings{0};
    options settings{.name = "main"};
    settings.on_warning = [&](const std::string& text) {
      EXPECT_TRUE(text.starts_with("loop main is run by several threads")) << text;
      ++warnings;
    };
    const shared_loop loop(2, how, settings);
    if (how == run_by::run) wait_until("the warning", [&] { return warnings > 0; });
    std::this_thread::sleep_for(milliseconds{100});  // a second one would come with the next check
    EXPECT_EQ(warnings, how == run_by::run ? 1 : 0);
  }
}

// The child exits with the number of the check that failed.
TEST(the_child_of_a_fork, is_watched) {
  if (with_address_sanitizer || with_thread_sanitizer)
    GTEST_SKIP() << "a sanitizer's allocator may be locked in the child";
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  auto monitor = std::make_unique<loop_monitor>(io, options{.settle_time = milliseconds{0}});
  io.run_for(milliseconds{100});
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto deadline = steady::now() + std::chrono::seconds{20};
    io.run_for(milliseconds{100});
    if (!monitor->snapshot().running) ::_exit(1);
    asio::post(io, [] { app::blocking_sleep_until(steady::now() + milliseconds{200}); });
    io.run_for(milliseconds{300});
    while (monitor->recent_stalls().empty() && steady::now() < deadline) io.run_for(milliseconds{10});
    if (monitor->recent_stalls().empty()) ::_exit(2);
    if (monitor->recent_stalls().front().duration < milliseconds{180}) ::_exit(3);
    monitor.reset();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace loopscope::monitor::testing
