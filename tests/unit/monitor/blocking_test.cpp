// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <system_error>
#include <thread>

#include "blockers.hpp"
#include "build_kind.hpp"
#include "own_times.hpp"
#include "running_loop.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

options named() {
  return {.name = "io-0", .source_root = LOOPSCOPE_SOURCE_ROOT};
}

void expect_blames(const stall_record& record, const std::string& function) {
  if (with_thread_sanitizer && record.stack.empty()) {
    EXPECT_FALSE(record.no_stack_reason.empty());
    return;
  }
  ASSERT_TRUE(record.culprit) << record.sentence << " " << record.no_stack_reason;
  const auto& blamed = record.stack[*record.culprit];
  EXPECT_EQ(blamed.function, function);
  EXPECT_EQ(blamed.file, "tests/unit/monitor/blockers.cpp");
  EXPECT_GT(blamed.line, 0);
}

/// The record's span and the handler's differ by the error of the estimated start and by the way to the probe. That is
/// more when the handler's thread had to wait for a CPU.
void expect_close(std::optional<nanoseconds> recorded, nanoseconds measured, const own_times& truth) {
  ASSERT_TRUE(recorded);
  const nanoseconds tolerance = milliseconds{30} + truth.run_queue / 4;
  EXPECT_GE(*recorded, measured - tolerance) << truth;
  EXPECT_LE(*recorded, measured + tolerance) << truth;
}

void expect_times(const stall_record& record, const own_times& truth) {
  {
    SCOPED_TRACE("cpu");
    expect_close(record.cpu, truth.cpu, truth);
  }
  {
    SCOPED_TRACE("run queue");
    expect_close(record.run_queue, truth.run_queue, truth);
  }
  {
    SCOPED_TRACE("off cpu");
    expect_close(record.off_cpu, truth.off_cpu(), truth);
  }
}

struct measured_stall {
  stall_record record;
  own_times truth;
};

/// Makes the stall again until the handler's own clocks say that most of its time went where the test wants it. A
/// machine with other work may send it to the run queue instead.
template <class Function, class Part>
std::optional<measured_stall> stall_that_is_mostly(running_loop& loop, Part part, Function f) {
  measured_stall out;
  for (int attempt = 0; attempt < 20; ++attempt) {
    out.record = loop.stall_of([&] { out.truth = times_of(f); });
    expect_times(out.record, out.truth);
    if (part(out.truth) * 10 >= out.truth.wall * 6) return out;
  }
  return std::nullopt;
}
constexpr const char* too_busy = "this machine is too busy: in 20 attempts, 60% of the time never went where it should";

class pipe_pair {
 public:
  pipe_pair() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
  }
  ~pipe_pair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int read_end() const { return ends_[0]; }
  void put() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }

 private:
  std::array<int, 2> ends_{};
};

TEST(a_real_block, on_the_cpu_is_blamed_on_the_spinning_function) {
  running_loop loop(named());
  const auto measured = stall_that_is_mostly(
      loop, [](const own_times& t) { return t.cpu; }, [] { app::blocking_spin(milliseconds{200}); });
  if (!measured) GTEST_SKIP() << too_busy;
  const auto& stall = measured->record;
  EXPECT_EQ(stall.loop, "io-0");
  EXPECT_FALSE(stall.in_progress);
  EXPECT_EQ(to_string(stall.verdict), "on_cpu") << stall.sentence;
  EXPECT_FALSE(stall.call);
  expect_blames(stall, "app::blocking_spin");
}

TEST(a_real_block, below_a_deep_recursion_of_a_library_is_blamed_on_its_caller) {
  auto settings = named();
  settings.library_prefixes = {"deep::"};
  running_loop loop(settings);
  const auto stall = loop.stall_of([] { app::blocking_recursion(steady::now() + milliseconds{200}); });
  expect_blames(stall, "app::blocking_recursion");
}

TEST(a_real_block, in_a_sleep_is_off_cpu_for_as_long_as_it_sleeps) {
  running_loop loop(named());
  const auto measured = stall_that_is_mostly(
      loop, [](const own_times& t) { return t.off_cpu(); },
      [] { app::blocking_sleep_until(steady::now() + milliseconds{250}); });
  if (!measured) GTEST_SKIP() << too_busy;
  const auto& stall = measured->record;
  EXPECT_EQ(to_string(stall.verdict), "off_cpu") << stall.sentence;
  ASSERT_TRUE(stall.call);
  EXPECT_EQ(stall.call->name, "clock_nanosleep");
  expect_blames(stall, "app::blocking_sleep_until");
}

TEST(a_real_block, in_a_read_names_the_call_and_the_pipe) {
  running_loop loop(named());
  const pipe_pair pipe;
  const auto measured = stall_that_is_mostly(
      loop, [](const own_times& t) { return t.off_cpu(); },
      [&] {
        std::thread writer([&] {
          std::this_thread::sleep_for(milliseconds{200});
          pipe.put();
        });
        app::blocking_read(pipe.read_end());
        writer.join();
      });
  if (!measured) GTEST_SKIP() << too_busy;
  const auto& stall = measured->record;
  EXPECT_EQ(to_string(stall.verdict), "off_cpu") << stall.sentence;
  ASSERT_TRUE(stall.call);
  EXPECT_EQ(stall.call->name, "read");
  EXPECT_EQ(stall.call->fd, pipe.read_end());
  EXPECT_TRUE(stall.call->path.starts_with("pipe:[")) << stall.call->path;
  expect_blames(stall, "app::blocking_read");
}

TEST(a_real_block, in_fsync_names_the_call_and_the_file) {
  running_loop loop(named());
  std::string path = ::testing::TempDir() + "loopscope-fsync-XXXXXX";
  const int fd = ::mkstemp(path.data());
  ASSERT_GE(fd, 0);
  // The disk decides how long fsync sleeps. More is written until that is long enough.
  own_times truth;
  stall_record stall;
  const std::vector<char> block(1 << 20, 'x');
  for (int megabytes = 16; megabytes <= 256 && truth.off_cpu() < milliseconds{100}; megabytes *= 2) {
    for (int i = 0; i < megabytes; ++i) ASSERT_GT(::write(fd, block.data(), block.size()), 0);
    const auto before = loop.last_id();
    truth = loop.run([&] { return times_of([&] { app::blocking_fsync(fd); }); });
    const auto stalls = loop.stalls_after(before);
    if (!stalls.empty()) stall = std::ranges::max(stalls, {}, &stall_record::duration);
  }
  ::close(fd);
  ::unlink(path.c_str());
  if (truth.off_cpu() < milliseconds{100}) GTEST_SKIP() << "fsync does not sleep on this file system";
  if (truth.off_cpu() * 10 < truth.wall * 6) GTEST_SKIP() << "this machine is too busy; " << truth;
  EXPECT_EQ(to_string(stall.verdict), "off_cpu") << stall.sentence << truth;
  ASSERT_TRUE(stall.call);
  EXPECT_EQ(stall.call->name, "fsync");
  EXPECT_EQ(stall.call->path, path);
  expect_blames(stall, "app::blocking_fsync");
}

/// One CPU of those that this process may use.
cpu_set_t one_allowed_cpu() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) throw std::system_error(errno, std::generic_category());
  std::size_t cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  cpu_set_t out;
  CPU_ZERO(&out);
  CPU_SET(cpu, &out);
  return out;
}

TEST(a_real_block, by_busy_neighbours_on_the_same_core_is_run_queue) {
  running_loop loop(named());
  // Neighbours pinned to the loop's core leave it a quarter of the time.
  const auto core = one_allowed_cpu();
  ASSERT_EQ(loop.run([&] { return ::pthread_setaffinity_np(::pthread_self(), sizeof core, &core); }), 0);
  std::array<std::jthread, 3> neighbours;
  for (auto& neighbour : neighbours) {
    neighbour = std::jthread([&](const std::stop_token& stop) {
      ::pthread_setaffinity_np(::pthread_self(), sizeof core, &core);
      while (!stop.stop_requested()) app::blocking_spin_until(steady::now() + milliseconds{1});
    });
  }
  const auto before = loop.last_id();
  const auto truth = loop.run([] { return times_of([] { app::blocking_spin(milliseconds{300}); }); });
  for (auto& neighbour : neighbours) neighbour.request_stop();
  const auto stalls = loop.stalls_after(before);
  ASSERT_FALSE(stalls.empty());
  const auto stall = std::ranges::max(stalls, {}, &stall_record::duration);
  ASSERT_GT(truth.run_queue, truth.cpu) << truth;
  EXPECT_EQ(to_string(stall.verdict), "run_queue") << stall.sentence << truth;
  expect_times(stall, truth);
}

TEST(a_real_block, during_an_exception_has_no_stack_and_says_why) {
  running_loop loop(named());
  const auto stall = loop.stall_of([] { app::blocking_during_an_exception(milliseconds{300}); });
  EXPECT_TRUE(stall.stack.empty());
  if (!with_thread_sanitizer) {
    EXPECT_EQ(stall.no_stack_reason, "an exception was in flight");
  }
}

TEST(a_real_block, without_signals_has_no_stack_and_says_why) {
  auto settings = named();
  settings.capture_signal = no_capture_signal;
  running_loop loop(settings);
  own_times truth;
  const auto stall = loop.stall_of([&] { truth = times_of([] { app::blocking_spin(milliseconds{200}); }); });
  EXPECT_TRUE(stall.stack.empty());
  EXPECT_EQ(stall.no_stack_reason, "stack capture is switched off");
  expect_times(stall, truth);
}

TEST(a_real_block, of_a_thread_that_blocks_the_signal_says_so) {
  running_loop loop(named());
  const auto stall = loop.stall_of([] {
    sigset_t all;
    sigset_t previous;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &previous);
    app::blocking_spin(milliseconds{300});
    ::pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  });
  EXPECT_TRUE(stall.stack.empty());
  EXPECT_NE(stall.no_stack_reason.find("blocks signal"), std::string::npos) << stall.no_stack_reason;
}

TEST(a_real_block, shows_every_cause_of_a_stall_that_has_several) {
  running_loop loop(named());
  const pipe_pair pipe;
  const auto stall = loop.stall_of([&] {
    app::blocking_spin(milliseconds{150});
    // Stacks are taken at doubling ages, so that one is taken during the read.
    const auto age = std::max<nanoseconds>(loop.monitor().stalled_for(), milliseconds{150});
    std::thread writer([&, age] {
      std::this_thread::sleep_for(age * 2);
      pipe.put();
    });
    app::blocking_read(pipe.read_end());
    writer.join();
  });
  if (with_thread_sanitizer) return;
  expect_blames(stall, "app::blocking_spin");
  ASSERT_EQ(stall.other_culprits.size(), 1U) << stall.sentence;
  EXPECT_EQ(stall.other_culprits.front().function, "app::blocking_read");
}

// As busy as a loop can be without blocking: one short handler at a time, and always one that is ready.
TEST(a_loop, that_runs_only_short_handlers_has_no_stall) {
  running_loop loop(named());
  const auto end = steady::now() + std::chrono::seconds{3};
  std::atomic<bool> done{false};
  // On a busy machine the loop's thread may have to wait for a CPU. Such a turn is long by the test's own clock, too.
  std::size_t long_turns = 0;
  auto last_turn = steady::now();
  auto slice = [&](auto& self) -> void {
    const auto now = steady::now();
    if (now - last_turn > milliseconds{4}) ++long_turns;
    last_turn = now;
    app::blocking_spin_until(now + std::chrono::microseconds{500});
    if (now < end) {
      boost::asio::post(loop.io(), [&self] { self(self); });
    } else {
      done = true;
    }
  };
  boost::asio::post(loop.io(), [&] {
    last_turn = steady::now();
    slice(slice);
  });
  wait_until("the handlers end", [&] { return done.load(); });
  EXPECT_LE(loop.stalls_after(0).size(), long_turns);
  EXPECT_GT(*loop.monitor().snapshot().total.busy_share, 0.5);
}

}  // namespace
}  // namespace loopscope::monitor::testing
