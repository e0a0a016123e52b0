#include "server/monitor/loop_watch.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <set>
#include <string>

#include "blockers.hpp"
#include "build_kind.hpp"
#include "running_loop.hpp"
#include "server/monitor/attributed_executor.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

void wait_for(const auto& condition) {
  const auto give_up = steady::now() + std::chrono::seconds{20};
  while (!condition() && steady::now() < give_up) std::this_thread::sleep_for(milliseconds{1});
  ASSERT_TRUE(condition());
}

TEST(a_watched_loop, shows_a_stall_in_every_figure_while_it_lasts) {
  running_loop loop;
  auto reader = loop.monitor().interval();
  std::atomic<bool> go_on{false};
  boost::asio::post(loop.io(), [&] {
    while (!go_on) app::blocking_spin(milliseconds{1});
  });
  wait_for([&] { return loop.monitor().stalled_for() >= milliseconds{100}; });
  const auto figures = reader.read();
  const auto snapshot = loop.monitor().snapshot();
  const auto records = loop.monitor().recent_stalls();
  go_on = true;

  EXPECT_EQ(figures.stalls, 1U);
  EXPECT_GE(*figures.longest_stall, milliseconds{100});
  EXPECT_GE(*figures.raw.max, milliseconds{60});
  EXPECT_GE(*snapshot.total.corrected.max, milliseconds{60});
  EXPECT_GE(snapshot.stalled_for, milliseconds{100});
  ASSERT_FALSE(records.empty());
  EXPECT_TRUE(records.front().in_progress);
  EXPECT_GE(records.front().duration, milliseconds{25});
  loop.settle();
  EXPECT_EQ(loop.monitor().stalled_for(), nanoseconds{0});
  EXPECT_FALSE(loop.monitor().recent_stalls().front().in_progress);
}

TEST(a_watched_loop, says_the_same_start_of_a_stall_in_every_record) {
  running_loop loop;
  std::atomic<bool> go_on{false};
  boost::asio::post(loop.io(), [&] {
    while (!go_on) app::blocking_spin(milliseconds{1});
  });
  std::set<std::chrono::system_clock::time_point> told;
  wait_for([&] {
    for (const auto& r : loop.monitor().recent_stalls()) told.insert(r.started);
    return loop.monitor().stalled_for() >= milliseconds{150};
  });
  EXPECT_FALSE(told.empty());
  go_on = true;
  loop.settle();
  for (const auto& r : loop.monitor().recent_stalls()) told.insert(r.started);
  for (const auto& r : loop.reports()) told.insert(r.started);
  EXPECT_EQ(loop.monitor().recent_stalls().size(), 1U);
  EXPECT_EQ(told.size(), 1U);
}

TEST(a_watched_loop, counts_ended_stalls_and_their_time_by_verdict) {
  running_loop loop;
  loop.run([] { app::blocking_spin(milliseconds{60}); });
  loop.settle();
  loop.run([] { app::blocking_sleep_until(steady::now() + milliseconds{60}); });
  loop.settle();
  std::uint64_t stalls = 0;
  nanoseconds total{0};
  for (const auto& counter : loop.monitor().snapshot().by_verdict) {
    stalls += counter.stalls;
    total += counter.total;
  }
  EXPECT_EQ(stalls, loop.monitor().recent_stalls().size());
  EXPECT_GE(stalls, 2U);
  nanoseconds sum{0};
  for (const auto& r : loop.monitor().recent_stalls()) sum += r.duration;
  EXPECT_EQ(total, sum);
  EXPECT_GE(loop.monitor().snapshot().by_verdict[static_cast<std::size_t>(verdict::off_cpu)].stalls, 1U);
}

TEST(a_watched_loop, gives_each_reader_its_own_window) {
  running_loop loop;
  auto early = loop.monitor().interval();
  loop.run([] { app::blocking_spin(milliseconds{60}); });
  loop.settle();
  auto late = loop.monitor().interval();
  loop.settle();
  EXPECT_EQ(late.read().stalls, 0U);
  const auto seen = early.read();
  EXPECT_GE(seen.stalls, 1U);
  EXPECT_GT(seen.corrected.count, seen.raw.count);
  EXPECT_EQ(early.read().stalls, 0U);
  EXPECT_GE(loop.monitor().snapshot().total.stalls, 1U);
}

TEST(a_watched_loop, loses_no_sample_to_readers_that_read_all_the_time) {
  running_loop loop;
  // A stall in progress is in every window that it touches, so that only quiet windows add up.
  for (int attempt = 0; attempt < 20; ++attempt) {
    loop.settle();
    auto whole = loop.monitor().interval();
    auto busy = loop.monitor().interval();
    std::uint64_t in_parts = 0;
    for (int reads = 0; reads < 500; ++reads) {
      in_parts += busy.read().raw.count;
      std::this_thread::sleep_for(std::chrono::microseconds{500});
    }
    in_parts += busy.read().raw.count;
    const auto in_whole = whole.read();
    if (in_whole.stalls > 0) continue;
    EXPECT_GT(in_parts, 0U);
    // The windows are not opened and read at one instant: a sample may lie between.
    EXPECT_LE(std::abs(static_cast<long>(in_parts) - static_cast<long>(in_whole.raw.count)), 2);
    return;
  }
  GTEST_SKIP() << "this machine stalls the loop all the time";
}

TEST(a_watched_loop, that_does_not_run_yet_or_any_more_has_no_stall) {
  boost::asio::io_context io;
  loop_monitor monitor(io);
  std::this_thread::sleep_for(milliseconds{120});
  EXPECT_FALSE(monitor.snapshot().running);
  EXPECT_EQ(monitor.stalled_for(), nanoseconds{0});

  // It ran to its end on this thread, which now does something else.
  boost::asio::steady_timer timer(io, milliseconds{100});
  timer.async_wait([](boost::system::error_code) {});
  io.run();
  const auto stalls_while_running = monitor.recent_stalls().size();
  app::blocking_spin(milliseconds{150});
  EXPECT_EQ(monitor.recent_stalls().size(), stalls_while_running);
  EXPECT_EQ(monitor.stalled_for(), nanoseconds{0});
  EXPECT_FALSE(monitor.snapshot().running);
}

TEST(a_watched_loop, whose_thread_has_ended_has_no_stall) {
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  loop_monitor monitor(io);
  std::thread([&] {
    const auto give_up = steady::now() + std::chrono::seconds{20};
    while (!monitor.snapshot().running && steady::now() < give_up) io.run_one_for(milliseconds{10});
  }).join();
  EXPECT_TRUE(monitor.snapshot().running);
  wait_for([&] { return !monitor.snapshot().running; });
  EXPECT_EQ(monitor.stalled_for(), nanoseconds{0});
  EXPECT_TRUE(monitor.recent_stalls().empty());
}

TEST(a_watched_loop, may_be_attached_and_left_at_any_time) {
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  std::thread thread([&] { io.run(); });
  for (int i = 0; i < 50; ++i) {
    loop_monitor monitor(io, {.stall_threshold = milliseconds{2}, .on_stall = [](const stall_record&) {}});
    boost::asio::post(io, [] { app::blocking_spin(milliseconds{4}); });
    if (i % 2 == 0) std::this_thread::sleep_for(milliseconds{i % 7});
  }
  work.reset();
  thread.join();
}

// The probe that was posted to a loop may run when its monitor, and with it the watchdog, is gone.
TEST(a_watched_loop, may_lose_its_monitor_during_a_stall) {
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  std::thread thread([&] { io.run(); });
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> stalled{false};
    std::optional<loop_monitor> monitor;
    monitor.emplace(io, options{.stall_threshold = milliseconds{2}});
    wait_for([&] { return monitor->snapshot().running; });
    boost::asio::post(io, [&] {
      wait_for([&] { return monitor->stalled_for() > milliseconds{2}; });
      stalled = true;
      app::blocking_spin(milliseconds{4});
    });
    wait_for([&] { return stalled.load(); });
    monitor.reset();
  }
  work.reset();
  thread.join();
}

TEST(a_watched_loop, is_one_of_many_on_one_watchdog) {
  running_loop quiet({.name = "quiet"});
  running_loop blocked({.name = "blocked"});
  const auto stalls = blocked.stalls_of([] { app::blocking_spin(milliseconds{100}); });
  ASSERT_FALSE(stalls.empty());
  EXPECT_EQ(stalls.front().loop, "blocked");
  for (const auto& r : quiet.stalls_after(0)) EXPECT_NE(r.verdict, verdict::on_cpu) << r.sentence;
}

TEST(a_watched_loop, survives_callbacks_that_throw_and_counts_them) {
  boost::asio::io_context io;
  auto work = boost::asio::make_work_guard(io);
  loop_monitor monitor(io,
                       {.on_stall = [](const stall_record&) { throw std::runtime_error("expected"); },
                        .advise = [](const stall_record&) -> std::string { throw std::runtime_error("expected"); }});
  std::thread thread([&] { io.run(); });
  wait_for([&] { return monitor.snapshot().running; });
  boost::asio::post(io, [] { app::blocking_spin(milliseconds{60}); });
  wait_for([&] { return monitor.snapshot().callback_errors >= 2; });
  work.reset();
  thread.join();
}

TEST(a_watched_loop, puts_the_callers_advice_at_the_end_of_the_sentence) {
  running_loop loop({.advise = [](const stall_record& r) { return "Ask " + r.loop + '.'; }});
  const auto stalls = loop.stalls_of([] { app::blocking_spin(milliseconds{60}); });
  ASSERT_FALSE(stalls.empty());
  EXPECT_TRUE(stalls.front().sentence.ends_with(". Ask loop.")) << stalls.front().sentence;
}

TEST(a_watched_loop, reports_repeats_of_one_stack_once) {
  running_loop loop;
  for (int i = 0; i < 4; ++i) {
    loop.run([] { app::blocking_sleep_until(steady::now() + milliseconds{40}); });
    loop.settle();
  }
  const auto stalls = loop.stalls_after(0);
  ASSERT_GE(stalls.size(), 4U);
  const auto reports = loop.reports();
  EXPECT_EQ(std::ranges::count(reports, stalls.back().id, &stall_record::id), 0) << stalls.back().sentence;
  EXPECT_EQ(stalls.back().repeats, 3U);
}

TEST(a_watched_loop, accounts_for_the_requests_that_a_stall_delayed) {
  running_loop loop;
  EXPECT_EQ(loop.monitor().stall_to_blame(), 0U);
  std::uint64_t blamed = 0;
  const auto stalls = loop.stalls_of([&] {
    app::blocking_spin(milliseconds{100});
    // What a handler right after the stall would do.
    boost::asio::post(loop.io(), [&] {
      blamed = loop.monitor().stall_to_blame();
      loop.monitor().note_delayed(blamed, milliseconds{90});
      loop.monitor().note_delayed(blamed, milliseconds{40});
      loop.monitor().note_delayed(blamed, nanoseconds{0});
      loop.monitor().note_delayed(blamed + 1, milliseconds{1000});
    });
  });
  loop.run([] {});  // the handler that was posted has run, and what it wrote may be read
  ASSERT_FALSE(stalls.empty());
  const auto stall = std::ranges::max(stalls, {}, &stall_record::duration);
  EXPECT_EQ(blamed, stall.id);
  EXPECT_EQ(stall.delayed.count, 2U);
  EXPECT_EQ(stall.delayed.max, milliseconds{90});
  EXPECT_NE(stall.sentence.find("2 requests waited, the longest 90 ms"), std::string::npos) << stall.sentence;
  EXPECT_EQ(loop.monitor().stall_to_blame(), 0U);
}

TEST(a_watched_loop, does_not_count_requests_that_came_after_the_stall) {
  running_loop loop;
  const auto stalls = loop.stalls_of([&] {
    app::blocking_spin(milliseconds{100});
    boost::asio::post(loop.io(), [&] {
      boost::asio::post(loop.io(), [&] {
        const auto id = loop.monitor().stall_to_blame();
        wait_for([&] { return loop.monitor().stalled_for() == nanoseconds{0}; });
        app::blocking_spin(milliseconds{10});
        loop.monitor().note_delayed(id, milliseconds{5});
      });
    });
  });
  ASSERT_FALSE(stalls.empty());
  EXPECT_EQ(std::ranges::max(stalls, {}, &stall_record::duration).delayed.count, 0U);
}

void parse_handler() {
  app::blocking_spin_until(steady::now() + milliseconds{7});
}
void render_handler() {
  app::blocking_sleep_until(steady::now() + milliseconds{7});
}

TEST(many_short_handlers, are_lag_without_a_single_culprit) {
  running_loop loop;
  loop.settle();
  const auto before = loop.last_id();
  const activity what(loop.monitor().activities(), 1, "GET /hello", "");
  const attributed_executor on_loop(loop.io().get_executor(), *loop.monitor().activities(), what);
  // Queued at once, so that the probe waits behind all of them.
  loop.run([&] {
    for (int i = 0; i < 25; ++i) boost::asio::post(on_loop, i % 2 == 0 ? &parse_handler : &render_handler);
  });
  loop.run([] {});
  const auto stalls = loop.stalls_after(before);
  ASSERT_FALSE(stalls.empty());
  const auto longest = std::ranges::max(stalls, {}, &stall_record::duration);
  EXPECT_EQ(to_string(longest.handlers), "many") << longest.sentence;
  EXPECT_NE(longest.sentence.find("no single culprit"), std::string::npos) << longest.sentence;
  EXPECT_GE(*loop.monitor().snapshot().total.raw.max, milliseconds{100});
}

// The whole process stops, as when the machine is suspended: neither the loop nor the watchdog runs.
TEST(a_stopped_process, is_no_fault_of_its_code) {
  running_loop loop;
  loop.settle();
  const auto before = loop.last_id();
  loop.run([] {
    app::blocking_spin(milliseconds{30});
    const auto script =
        "kill -STOP " + std::to_string(::getpid()) + "; sleep 0.4; kill -CONT " + std::to_string(::getpid());
    std::array<char*, 4> arguments{const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(script.c_str()),
                                   nullptr};
    pid_t child = 0;
    ASSERT_EQ(::posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments.data(), environ), 0);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  });
  const auto stalls = loop.stalls_after(before);
  ASSERT_FALSE(stalls.empty());
  const auto longest = std::ranges::max(stalls, {}, &stall_record::duration);
  EXPECT_EQ(to_string(longest.verdict), "descheduled") << longest.sentence;
  EXPECT_NE(longest.sentence.find("no code is to blame"), std::string::npos);
}

}  // namespace
}  // namespace loopscope::monitor::testing
