#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "blockers.hpp"
#include "build_kind.hpp"
#include "running_loop.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

options named() {
  return {.name = "io-0", .source_root = LOOPSCOPE_SOURCE_ROOT};
}

void expect_blames(const stall_record& record, const std::string& function) {
  if (with_thread_sanitizer && record.stack.empty()) {
    EXPECT_FALSE(record.no_stack_reason.empty());
    return;
  }
  ASSERT_TRUE(record.culprit) << record.sentence << " " << record.no_stack_reason;
  const auto& culprit = record.stack[*record.culprit];
  EXPECT_EQ(culprit.function, function);
  EXPECT_EQ(culprit.file, "tests/unit/monitor/blockers.cpp");
  EXPECT_GT(culprit.line, 0);
}

// What is known adds up to the whole, and the parts are not just the rest of one another.
void expect_adds_up(const stall_record& r) {
  ASSERT_TRUE(r.cpu && r.run_queue && r.off_cpu);
  const auto sum = *r.cpu + *r.run_queue + *r.off_cpu;
  EXPECT_LE(std::abs((sum - r.duration).count()), r.duration.count() / 50);
}

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
  const auto stalls = loop.stalls_of([] { app::blocking_spin(milliseconds{200}); });
  ASSERT_EQ(stalls.size(), 1U);
  const auto& stall = stalls.front();
  EXPECT_EQ(stall.loop, "io-0");
  EXPECT_FALSE(stall.in_progress);
  EXPECT_GE(*stall.cpu, milliseconds{190});
  if (*stall.cpu * 2 > stall.duration) {
    EXPECT_EQ(to_string(stall.verdict), "on_cpu");
  }
  expect_blames(stall, "app::blocking_spin");
  expect_adds_up(stall);
}

TEST(a_real_block, in_a_read_names_the_call_and_the_pipe) {
  running_loop loop(named());
  const pipe_pair pipe;
  std::thread writer([&] {
    while (loop.monitor().stalled_for() < milliseconds{120}) std::this_thread::sleep_for(milliseconds{1});
    pipe.put();
  });
  const auto stalls = loop.stalls_of([&] { app::blocking_read(pipe.read_end()); });
  writer.join();
  ASSERT_EQ(stalls.size(), 1U);
  const auto& stall = stalls.front();
  EXPECT_EQ(to_string(stall.verdict), "off_cpu");
  ASSERT_TRUE(stall.call);
  EXPECT_EQ(stall.call->name, "read");
  EXPECT_EQ(stall.call->fd, pipe.read_end());
  EXPECT_TRUE(stall.call->path.starts_with("pipe:[")) << stall.call->path;
  EXPECT_GE(stall.duration, milliseconds{120});
  EXPECT_GE(*stall.off_cpu, milliseconds{100});
  expect_blames(stall, "app::blocking_read");
  expect_adds_up(stall);
}

TEST(a_real_block, in_fsync_names_the_call_and_the_file) {
  running_loop loop(named());
  std::string path = ::testing::TempDir() + "loopscope-fsync-XXXXXX";
  const int fd = ::mkstemp(path.data());
  ASSERT_GE(fd, 0);
  // The disk decides how long fsync sleeps; more is written until that is long enough to matter.
  nanoseconds took{0};
  std::vector<stall_record> stalls;
  const std::vector<char> block(1 << 20, 'x');
  for (int megabytes = 16; megabytes <= 256 && took < milliseconds{60}; megabytes *= 2) {
    for (int i = 0; i < megabytes; ++i) ASSERT_GT(::write(fd, block.data(), block.size()), 0);
    stalls = loop.stalls_of([&] { took = app::blocking_fsync(fd); });
  }
  ::close(fd);
  ::unlink(path.c_str());
  if (took < milliseconds{60}) GTEST_SKIP() << "fsync takes no time on this file system";
  ASSERT_EQ(stalls.size(), 1U);
  const auto& stall = stalls.front();
  EXPECT_EQ(to_string(stall.verdict), "off_cpu");
  ASSERT_TRUE(stall.call);
  EXPECT_EQ(stall.call->name, "fsync");
  EXPECT_EQ(stall.call->path, path);
  expect_blames(stall, "app::blocking_fsync");
}

TEST(a_real_block, by_a_busy_neighbour_on_the_same_core_is_run_queue) {
  running_loop loop(named());
  // Neighbours pinned to the loop's core leave it a quarter of the time.
  cpu_set_t core;
  CPU_ZERO(&core);
  CPU_SET(0, &core);
  loop.run([&] { ASSERT_EQ(::pthread_setaffinity_np(::pthread_self(), sizeof core, &core), 0); });
  std::atomic<bool> stop{false};
  std::array<std::thread, 3> neighbours;
  for (auto& n : neighbours) {
    n = std::thread([&] {
      ::pthread_setaffinity_np(::pthread_self(), sizeof core, &core);
      while (!stop.load(std::memory_order_relaxed))
        app::blocking_spin_until(std::chrono::steady_clock::now() + milliseconds{1});
    });
  }
  const auto before = loop.last_id();
  loop.run([] { app::blocking_spin(milliseconds{300}); });
  stop = true;
  for (auto& n : neighbours) n.join();
  const auto stalls = loop.stalls_after(before);
  ASSERT_FALSE(stalls.empty());
  const auto longest = std::ranges::max(stalls, {}, &stall_record::duration);
  EXPECT_EQ(to_string(longest.verdict), "run_queue") << longest.sentence;
  EXPECT_GT(*longest.run_queue, *longest.cpu);
  // Neither CPU time nor the queue is the rest of the other: both are the kernel's own.
  EXPECT_LE(*longest.off_cpu, longest.duration / 50);
  expect_adds_up(longest);
}

TEST(a_real_block, during_an_exception_has_no_stack_and_says_why) {
  running_loop loop(named());
  const auto stalls = loop.stalls_of([] { app::blocking_during_an_exception(milliseconds{100}); });
  ASSERT_EQ(stalls.size(), 1U);
  EXPECT_TRUE(stalls.front().stack.empty());
  if (!with_thread_sanitizer) {
    EXPECT_EQ(stalls.front().no_stack_reason, "an exception was in flight");
  }
}

TEST(a_real_block, without_signals_has_no_stack_and_says_why) {
  auto settings = named();
  settings.capture_signal = no_capture_signal;
  running_loop loop(settings);
  const auto stalls = loop.stalls_of([] { app::blocking_spin(milliseconds{100}); });
  ASSERT_EQ(stalls.size(), 1U);
  EXPECT_TRUE(stalls.front().stack.empty());
  EXPECT_EQ(stalls.front().no_stack_reason, "stack capture is switched off");
  EXPECT_GE(*stalls.front().cpu, milliseconds{90});
}

TEST(a_real_block, of_a_thread_that_blocks_the_signal_says_so) {
  running_loop loop(named());
  const auto stalls = loop.stalls_of([] {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    app::blocking_spin(milliseconds{100});
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  });
  ASSERT_EQ(stalls.size(), 1U);
  EXPECT_TRUE(stalls.front().stack.empty());
  EXPECT_NE(stalls.front().no_stack_reason.find("blocks signal"), std::string::npos) << stalls.front().no_stack_reason;
}

TEST(a_real_block, shows_every_cause_of_a_stall_that_has_several) {
  running_loop loop(named());
  const pipe_pair pipe;
  std::atomic<bool> reads{false};
  std::thread writer([&] {
    while (!reads) std::this_thread::sleep_for(milliseconds{1});
    // Samples are taken at doubling ages, so that one falls into the read.
    const auto age = std::max<nanoseconds>(loop.monitor().stalled_for(), milliseconds{100});
    while (loop.monitor().stalled_for() < age * 5 / 2) std::this_thread::sleep_for(milliseconds{1});
    pipe.put();
  });
  const auto stalls = loop.stalls_of([&] {
    app::blocking_spin(milliseconds{150});
    reads = true;
    app::blocking_read(pipe.read_end());
  });
  writer.join();
  ASSERT_EQ(stalls.size(), 1U);
  if (with_thread_sanitizer) return;
  expect_blames(stalls.front(), "app::blocking_spin");
  ASSERT_EQ(stalls.front().other_culprits.size(), 1U);
  EXPECT_EQ(stalls.front().other_culprits.front().function, "app::blocking_read");
}

TEST(a_loop, that_yields_between_short_handlers_has_no_stall) {
  running_loop loop(named());
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{3};
  std::atomic<bool> done{false};
  // One handler at a time, always ready: as busy as a loop can be without blocking.
  auto slice = [&](auto& self) -> void {
    app::blocking_spin_until(std::chrono::steady_clock::now() + std::chrono::microseconds{500});
    if (std::chrono::steady_clock::now() < end) {
      boost::asio::post(loop.io(), [&self] { self(self); });
    } else {
      done = true;
    }
  };
  boost::asio::post(loop.io(), [&] { slice(slice); });
  while (!done) std::this_thread::sleep_for(milliseconds{10});
  for (const auto& stall : loop.stalls_after(0)) {
    // A machine that does not run the loop's thread is not the loop's fault.
    EXPECT_TRUE(stall.verdict == verdict::run_queue || stall.verdict == verdict::descheduled) << stall.sentence;
  }
  EXPECT_GT(*loop.monitor().snapshot().total.busy_share, 0.5);
}

}  // namespace
}  // namespace loopscope::monitor::testing
