// SPDX-License-Identifier: MIT

#include "server/monitor/loop_watch.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "blockers.hpp"
#include "build_kind.hpp"
#include "running_loop.hpp"
#include "server/monitor/attributed_executor.hpp"

namespace loopscope::monitor::testing {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

/// Blocks the loop until end() or the end of the scope.
class open_ended_block {
 public:
  explicit open_ended_block(running_loop& loop) {
    asio::post(loop.io(), [state = state_] {
      const auto deadline = steady::now() + max_wait;
      while (!state->over && steady::now() < deadline) app::blocking_spin(milliseconds{1});
      state->done.set_value();
    });
    // The stall is found, and its record is from a check late enough to include a deadline.
    wait_until("the block is found", [&] {
      const auto records = loop.monitor().recent_stalls();
      return !records.empty() && records.front().in_progress && records.front().duration >= milliseconds{60} &&
             loop.monitor().stalled_for() >= milliseconds{120};
    });
  }
  ~open_ended_block() { end(); }

  void end() {
    if (!state_->over.exchange(true)) state_->done.get_future().wait();
  }

 private:
  struct state {
    std::atomic<bool> over{false};
    std::promise<void> done;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

TEST(a_watched_loop, shows_a_stall_in_every_figure_while_it_lasts) {
  const auto start = steady::now();
  running_loop loop;
  auto reader = loop.monitor().interval();
  open_ended_block block(loop);
  const auto figures = reader.read();
  const auto snapshot = loop.monitor().snapshot();
  const auto open = loop.monitor().recent_stalls().front();
  const nanoseconds max = steady::now() - start;
  block.end();

  EXPECT_GE(figures.stalls, 1U);
  for (const auto seen : {*figures.longest_stall, *snapshot.total.longest_stall, snapshot.stalled_for}) {
    EXPECT_GE(seen, milliseconds{120});
    EXPECT_LE(seen, max);
  }
  for (const auto seen : {*figures.raw.max, *snapshot.total.corrected.max}) {
    // Lag counts from the first deadline in the stall.
    EXPECT_GE(seen, milliseconds{80});
    EXPECT_LE(seen, max);
  }
  EXPECT_TRUE(open.in_progress);
  loop.settle();
  const auto records = loop.monitor().recent_stalls();
  const auto ended = std::ranges::find(records, open.id, &stall_record::id);
  ASSERT_NE(ended, records.end());
  EXPECT_FALSE(ended->in_progress);
  EXPECT_GE(ended->duration, open.duration);
  wait_until("the loop is not stalled", [&] { return loop.monitor().stalled_for() == nanoseconds{0}; });
}

TEST(a_watched_loop, has_one_start_for_a_stall_in_every_record) {
  running_loop loop;
  std::map<std::uint64_t, std::set<std::chrono::system_clock::time_point>> starts;
  const auto note = [&](const std::vector<stall_record>& records) {
    for (const auto& r : records) starts[r.id].insert(r.started);
  };
  std::uint64_t id = 0;
  {
    const open_ended_block block(loop);
    id = loop.monitor().recent_stalls().front().id;
    for (int i = 0; i < 50; ++i) {
      note(loop.monitor().recent_stalls());
      std::this_thread::sleep_for(milliseconds{2});
    }
  }
  loop.settle();
  note(loop.monitor().recent_stalls());
  note(loop.reports());
  EXPECT_TRUE(starts.contains(id));
  for (const auto& [stall, different] : starts) EXPECT_EQ(different.size(), 1U) << "stall " << stall;
}

TEST(a_watched_loop, counts_ended_stalls_and_their_time_by_verdict) {
  running_loop loop;
  loop.run([] { app::blocking_spin(milliseconds{60}); });
  loop.settle();
  loop.run([] { app::blocking_sleep_until(steady::now() + milliseconds{300}); });
  loop.settle();

  struct totals {
    std::uint64_t stalls = 0;
    nanoseconds time{0};
  };
  const auto of_records = [&] {
    totals out;
    for (const auto& r : loop.monitor().recent_stalls()) {
      if (r.in_progress) continue;
      ++out.stalls;
      out.time += r.duration;
    }
    return out;
  };
  // On a busy machine another stall may end between two of these calls.
  const auto before = of_records();
  const auto counters = loop.monitor().snapshot().by_verdict;
  const auto after = of_records();
  totals counted;
  for (const auto& counter : counters) {
    counted.stalls += counter.stalls;
    counted.time += counter.total;
  }
  EXPECT_GE(counted.stalls, 2U);
  EXPECT_GE(counted.stalls, before.stalls);
  EXPECT_LE(counted.stalls, after.stalls);
  EXPECT_GE(counted.time, before.time);
  EXPECT_LE(counted.time, after.time);
  EXPECT_GE(counters[static_cast<std::size_t>(verdict::off_cpu)].total, milliseconds{270});
}

TEST(a_watched_loop, gives_each_reader_its_own_window) {
  constexpr milliseconds block{400};
  running_loop loop;
  auto early = loop.monitor().interval();
  loop.run([&] { app::blocking_sleep_until(steady::now() + block); });
  loop.settle();
  auto late = loop.monitor().interval();
  loop.settle();
  const auto max_stall = [](const window_figures& f) { return f.longest_stall.value_or(nanoseconds{0}); };
  EXPECT_LT(max_stall(late.read()), block / 2);
  const auto figures = early.read();
  EXPECT_GE(max_stall(figures), block - milliseconds{30});
  // A probe that was late by 400 ms stands for 16 deadlines.
  EXPECT_GE(figures.corrected.count, figures.raw.count + 10);
  EXPECT_LT(max_stall(early.read()), block / 2);
  EXPECT_GE(max_stall(loop.monitor().snapshot().total), block - milliseconds{30});
}

TEST(a_watched_loop, loses_no_sample_to_readers_that_read_all_the_time) {
  running_loop loop;
  // A stall in progress is in every window that it touches, so only windows without one add up.
  for (int attempt = 0; attempt < 20; ++attempt) {
    loop.settle();
    auto outer = loop.monitor().interval();
    auto frequent = loop.monitor().interval();
    auto inner = loop.monitor().interval();
    std::uint64_t in_parts = 0;
    for (int reads = 0; reads < 500; ++reads) {
      in_parts += frequent.read().raw.count;
      std::this_thread::sleep_for(std::chrono::microseconds{500});
    }
    const auto min = inner.read().raw.count;
    in_parts += frequent.read().raw.count;
    const auto max = outer.read();
    if (max.stalls > 0) continue;
    EXPECT_GT(min, 0U);
    EXPECT_GE(in_parts, min);
    EXPECT_LE(in_parts, max.raw.count);
    return;
  }
  GTEST_SKIP() << "this machine stalls the loop all the time";
}

TEST(a_watched_loop, that_does_not_run_yet_or_no_longer_runs_has_no_stall) {
  asio::io_context io;
  loop_monitor monitor(io);
  std::this_thread::sleep_for(milliseconds{120});
  EXPECT_FALSE(monitor.snapshot().running);
  EXPECT_EQ(monitor.stalled_for(), nanoseconds{0});
  EXPECT_TRUE(monitor.recent_stalls().empty());

  // It runs to its end on this thread, which then does something else.
  asio::steady_timer timer(io, milliseconds{100});
  timer.async_wait([](boost::system::error_code) {});
  io.run();
  const auto stopped = steady::now();
  app::blocking_spin(milliseconds{200});
  for (const auto& r : monitor.recent_stalls())
    EXPECT_LT(r.started_steady + r.duration, stopped + milliseconds{100}) << r.sentence;
  wait_until("the monitor knows that the loop does not run", [&] { return !monitor.snapshot().running; });
  EXPECT_EQ(monitor.stalled_for(), nanoseconds{0});
}

TEST(a_watched_loop, whose_thread_has_ended_is_not_stalled) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  loop_monitor monitor(io);
  std::thread([&] {
    const auto deadline = steady::now() + max_wait;
    while (!monitor.snapshot().running && steady::now() < deadline) io.run_one_for(milliseconds{10});
    EXPECT_TRUE(monitor.snapshot().running);
  }).join();
  wait_until("the monitor knows that the thread has ended", [&] { return !monitor.snapshot().running; });
  EXPECT_EQ(monitor.stalled_for(), nanoseconds{0});
  for (const auto& r : monitor.recent_stalls()) EXPECT_FALSE(r.in_progress) << r.sentence;
}

TEST(a_watched_loop, runs_on_while_monitors_come_and_go_and_hears_of_none_that_has_gone) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread thread([&] { io.run(); });
  std::atomic<int> handlers{0};
  std::atomic<int> late_reports{0};
  for (int i = 0; i < 50; ++i) {
    const auto gone = std::make_shared<std::atomic<bool>>(false);
    {
      loop_monitor monitor(
          io, {.stall_threshold = milliseconds{2},
               .on_stall = [gone, &late_reports](const stall_record&) { late_reports += gone->load() ? 1 : 0; }});
      asio::post(io, [&] {
        app::blocking_spin(milliseconds{4});
        ++handlers;
      });
      if (i % 2 == 0) std::this_thread::sleep_for(milliseconds{i % 7});
    }
    *gone = true;
  }
  wait_until("the loop has run every handler", [&] { return handlers == 50; });
  work.reset();
  thread.join();
  EXPECT_EQ(late_reports, 0);
}

// The probe that was posted to a loop may run after its monitor, and with it the watchdog, was destroyed.
TEST(a_watched_loop, may_lose_its_monitor_during_a_stall) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread thread([&] { io.run(); });
  std::atomic<int> handlers{0};
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> stalled{false};
    std::optional<loop_monitor> monitor;
    monitor.emplace(io, options{.stall_threshold = milliseconds{2}});
    wait_until("the loop answers its first probe", [&] { return monitor->snapshot().running; });
    asio::post(io, [&] {
      const auto deadline = steady::now() + max_wait;
      while (monitor->stalled_for() <= milliseconds{2} && steady::now() < deadline) {
      }
      stalled = true;
      app::blocking_spin(milliseconds{4});
      ++handlers;
    });
    wait_until("the loop is stalled", [&] { return stalled.load(); });
    monitor.reset();
  }
  wait_until("the loop has run every handler", [&] { return handlers == 20; });
  work.reset();
  thread.join();
}

TEST(a_watched_loop, is_one_of_many_on_one_watchdog) {
  running_loop quiet({.name = "quiet"});
  running_loop blocked({.name = "blocked"});
  const auto stall = blocked.stall_of([] { app::blocking_spin(milliseconds{200}); });
  EXPECT_EQ(stall.loop, "blocked");
  for (const auto& r : quiet.stalls_after(0)) {
    EXPECT_EQ(r.loop, "quiet");
    EXPECT_LT(*r.cpu, milliseconds{100}) << r.sentence;
  }
}

TEST(a_watched_loop, survives_callbacks_that_throw_and_counts_them) {
  running_loop loop({.advise = [](const stall_record&) -> std::string { throw std::runtime_error("expected"); }});
  loop.run([] { app::blocking_spin(milliseconds{60}); });
  wait_until("the errors of advise are counted", [&] { return loop.monitor().snapshot().callback_errors >= 1; });

  asio::io_context io;
  auto work = asio::make_work_guard(io);
  loop_monitor monitor(io, {.on_stall = [](const stall_record&) { throw std::runtime_error("expected"); }});
  std::thread thread([&] { io.run(); });
  wait_until("the loop answers its first probe", [&] { return monitor.snapshot().running; });
  asio::post(io, [] { app::blocking_spin(milliseconds{60}); });
  wait_until("the errors of on_stall are counted", [&] { return monitor.snapshot().callback_errors >= 1; });
  work.reset();
  thread.join();
}

TEST(a_watched_loop, puts_the_callers_advice_at_the_end_of_the_sentence) {
  running_loop loop({.advise = [](const stall_record& r) { return "Ask " + r.loop + '.'; }});
  const auto stall = loop.stall_of([] { app::blocking_spin(milliseconds{60}); });
  EXPECT_TRUE(stall.sentence.ends_with(". Ask loop.")) << stall.sentence;
}

TEST(a_watched_loop, reports_repeats_of_one_stack_once) {
  running_loop loop({.source_root = LOOPSCOPE_SOURCE_ROOT});
  for (int i = 0; i < 4; ++i) {
    loop.run([] { app::blocking_sleep_until(steady::now() + milliseconds{120}); });
    loop.settle();
  }
  // On a busy machine there may be other stalls between them, with another stack or without one.
  auto stalls = loop.stalls_after(0);
  std::erase_if(stalls, [](const stall_record& r) {
    return !r.culprit || r.stack[*r.culprit].function != "app::blocking_sleep_until";
  });
  if (with_thread_sanitizer && stalls.size() < 2) GTEST_SKIP() << "ThreadSanitizer held the signals back";
  ASSERT_GE(stalls.size(), 2U);
  const auto reports = loop.reports();
  for (std::size_t i = 0; i < stalls.size(); ++i) {
    EXPECT_EQ(stalls[i].repeats, i) << stalls[i].sentence;
    const bool is_twice_as_long = stalls[i].duration >= 2 * stalls[0].duration;
    if (i > 0 && !is_twice_as_long) {
      EXPECT_EQ(std::ranges::count(reports, stalls[i].id, &stall_record::id), 0) << stalls[i].sentence;
    }
  }
}

TEST(a_watched_loop, accounts_for_the_requests_that_a_stall_delayed) {
  // Long enough for the posted handler to run in time on a busy machine.
  running_loop loop({.settle_time = std::chrono::seconds{1}});
  loop.settle();
  const auto before = loop.last_id();
  std::uint64_t blamed = 0;
  std::promise<void> counted;
  loop.run([&] {
    const auto deadline = steady::now() + max_wait;
    while (loop.monitor().stall_to_blame() <= before && steady::now() < deadline) app::blocking_spin(milliseconds{1});
    // What the handlers of requests do right after the stall.
    asio::post(loop.io(), [&] {
      blamed = loop.monitor().stall_to_blame();
      loop.monitor().note_delayed(blamed, std::chrono::seconds{90});
      loop.monitor().note_delayed(blamed, std::chrono::seconds{40});
      loop.monitor().note_delayed(blamed, nanoseconds{0});
      loop.monitor().note_delayed(blamed + 1, std::chrono::seconds{100});
      counted.set_value();
    });
  });
  ASSERT_EQ(counted.get_future().wait_for(max_wait), std::future_status::ready);
  ASSERT_GT(blamed, before);
  const auto stalls = loop.stalls_after(blamed - 1);
  ASSERT_FALSE(stalls.empty());
  EXPECT_EQ(stalls.front().id, blamed);
  EXPECT_EQ(stalls.front().delayed.count, 2U);
  EXPECT_EQ(stalls.front().delayed.max, std::chrono::seconds{90});
  EXPECT_NE(stalls.front().sentence.find("2 requests waited, the longest 90000 ms"), std::string::npos)
      << stalls.front().sentence;
}

TEST(a_stall_of_an_attributed_coroutine, names_its_request) {
  running_loop loop;
  const activity request(loop.monitor().activities(), 42, "GET /write", "method=sync");
  const activity other(loop.monitor().activities(), 43, "GET /hello", "");
  auto serve = [](milliseconds block) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, milliseconds{1});
    co_await timer.async_wait(asio::use_awaitable);
    app::blocking_spin(block);
  };
  const auto serve_until_done = [&](const activity& current, milliseconds block) {
    std::promise<void> done;
    asio::co_spawn(attributed_executor(loop.io().get_executor(), *loop.monitor().activities(), current), serve(block),
                   [&](const std::exception_ptr&) { done.set_value(); });
    ASSERT_EQ(done.get_future().wait_for(max_wait), std::future_status::ready);
  };
  serve_until_done(other, milliseconds{0});
  serve_until_done(request, milliseconds{300});
  const auto stalls = loop.stalls_after(0);
  ASSERT_FALSE(stalls.empty());
  const auto stall = std::ranges::max(stalls, {}, &stall_record::duration);
  ASSERT_TRUE(stall.request);
  EXPECT_EQ(stall.request->id, 42U);
  EXPECT_EQ(stall.request->route, "GET /write");
  EXPECT_EQ(stall.request->query, "method=sync");
  EXPECT_NE(to_string(stall.handlers), "many");
}

void parse_handler() {
  app::blocking_spin_until(steady::now() + milliseconds{7});
}
void render_handler() {
  app::blocking_sleep_until(steady::now() + milliseconds{7});
}

TEST(many_short_handlers, are_one_stall_without_a_single_culprit) {
  running_loop loop;
  loop.settle();
  const auto before = loop.last_id();
  const activity request(loop.monitor().activities(), 1, "GET /hello", "");
  const attributed_executor on_loop(loop.io().get_executor(), *loop.monitor().activities(), request);
  // All are queued at once, so that the probe waits behind them.
  loop.run([&] {
    for (int i = 0; i < 50; ++i) asio::post(on_loop, i % 2 == 0 ? &parse_handler : &render_handler);
  });
  loop.run([] {});
  const auto stalls = loop.stalls_after(before);
  ASSERT_FALSE(stalls.empty());
  const auto stall = std::ranges::max(stalls, {}, &stall_record::duration);
  EXPECT_EQ(to_string(stall.handlers), "many") << stall.sentence;
  EXPECT_NE(stall.sentence.find("no single culprit"), std::string::npos) << stall.sentence;
  EXPECT_GE(*loop.monitor().snapshot().total.raw.max, milliseconds{250});
}

// The whole process stops, as when the machine is suspended: neither the loop nor the watchdog runs.
TEST(a_stopped_process, is_not_the_fault_of_its_code) {
  running_loop loop;
  loop.settle();
  pid_t child = 0;
  const auto stall = loop.stall_of([&] {
    app::blocking_spin(milliseconds{60});
    const auto self = std::to_string(::getpid());
    const auto script = "kill -STOP " + self + "; sleep 1; kill -CONT " + self;
    std::array<char*, 4> arguments{const_cast<char*>("sh"), const_cast<char*>("-c"), const_cast<char*>(script.c_str()),
                                   nullptr};
    ASSERT_EQ(::posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments.data(), environ), 0);
    app::blocking_spin(milliseconds{300});
  });
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  EXPECT_EQ(to_string(stall.verdict), "descheduled") << stall.sentence;
  EXPECT_NE(stall.sentence.find("no code is to blame"), std::string::npos);
}

}  // namespace
}  // namespace loopscope::monitor::testing
