// SPDX-License-Identifier: MIT

#include "server/watch/loop_finder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>

#include "server/watch/preload/turn_recorder.hpp"
#include "tests/support/eventually.hpp"

namespace loopscope::watch {
namespace {

using loopscope::testing::eventually;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// A thread that loops: each turn lasts as long as it is told, and each wait until the next turn.
class looping_thread {
 public:
  looping_thread(watch_map& map, std::size_t index, int descriptor)
      : map_(map), index_(index), place_{wait_kind::epoll_wait, descriptor, 0x1000, 0x9000}, thread_([this] {
          run();
        }) {
    started_.wait();
  }
  ~looping_thread() {
    stop_ = true;
    thread_.join();
  }
  looping_thread(const looping_thread&) = delete;
  looping_thread& operator=(const looping_thread&) = delete;

  void block_for(milliseconds time) { next_turn_ = time; }
  pid_t tid() const { return tid_; }
  /// The longest turn that the map can tell of.
  nanoseconds longest_turn() const { return longest_turn_; }

 private:
  void run() {
    auto& words = map_.threads[index_];
    tid_ = ::gettid();
    words.pid = ::getpid();
    words.claimed_at = now_ns();
    words.tid = ::gettid();
    turn_recorder recorder(words, map_.long_turn_ns);
    std::int64_t returned_at = INT64_MAX;  // the recorder reads no clock before it takes the thread for a loop
    const auto end_turn = [&] {
      const auto now = now_ns();
      longest_turn_ = std::max(longest_turn_.load(), nanoseconds{now - returned_at});
      return now;
    };
    for (int i = 0; !stop_; ++i) {
      const auto site = recorder.entered(place_, end_turn);
      std::this_thread::sleep_for(milliseconds{1});
      recorder.returned(site, [&] { return returned_at = now_ns(); });
      if (i == 3) started_.count_down();
      const auto busy = next_turn_.exchange(milliseconds{0});
      if (busy.count() > 0) std::this_thread::sleep_for(busy);
    }
  }

  watch_map& map_;
  const std::size_t index_;
  const wait_place place_;
  std::atomic<pid_t> tid_{0};
  std::atomic<milliseconds> next_turn_{milliseconds{0}};
  std::atomic<nanoseconds> longest_turn_{nanoseconds{0}};
  std::atomic<bool> stop_{false};
  std::latch started_{1};
  std::thread thread_;
};

class loop_finder_test : public ::testing::Test {
 protected:
  monitor::options options(const std::string& name) {
    monitor::options out;
    out.name = name;
    out.settle_time = milliseconds{0};
    out.on_stall_end = [this](const monitor::stall_record& stall) {
      const std::lock_guard lock(mutex_);
      stalls_.push_back(stall);
    };
    return out;
  }
  std::vector<monitor::stall_record> stalls() {
    const std::lock_guard lock(mutex_);
    return stalls_;
  }
  /// Waits for a stall of at least this duration. A busy machine may make shorter ones before.
  std::optional<monitor::stall_record> stall_of_at_least(milliseconds duration) {
    std::optional<monitor::stall_record> found;
    static_cast<void>(eventually([&] {
      for (const auto& each : stalls())
        if (each.duration >= duration) found = each;
      return found.has_value();
    }));
    return found;
  }

  std::mutex mutex_;
  std::vector<monitor::stall_record> stalls_;
  watch_map_owner owner_{milliseconds{25}};
  watch_map* const map_ = &owner_.map();
  loop_finder finder_{owner_, [this](pid_t, const std::string& name) { return options(name); }};
};

TEST_F(loop_finder_test, finds_a_thread_that_loops_and_tells_its_stall) {
  looping_thread thread(*map_, 3, 7);
  finder_.blocking_update();
  ASSERT_EQ(finder_.loops().size(), 1U);
  EXPECT_EQ(finder_.loops()[0].tid, thread.tid());
  EXPECT_EQ(finder_.loops()[0].wait, wait_kind::epoll_wait);
  thread.block_for(milliseconds{120});
  const auto stall = stall_of_at_least(milliseconds{120});
  ASSERT_TRUE(stall);
  EXPECT_LE(stall->duration, thread.longest_turn());
  EXPECT_EQ(stall->verdict, monitor::verdict::off_cpu);
  EXPECT_FALSE(stall->stack.empty());
}

TEST_F(loop_finder_test, takes_threads_on_one_epoll_instance_for_one_loop) {
  looping_thread first(*map_, 0, 7);
  looping_thread second(*map_, 1, 7);
  looping_thread other(*map_, 2, 8);
  finder_.blocking_update();
  const auto loops = finder_.loops();
  ASSERT_EQ(loops.size(), 2U);
  EXPECT_EQ(loops[0].threads, 2U);
  EXPECT_EQ(loops[1].threads, 1U);
  first.block_for(milliseconds{100});
  const auto stall = stall_of_at_least(milliseconds{100});
  ASSERT_TRUE(stall);
  EXPECT_EQ(stall->threads, 2U);
  EXPECT_EQ(stall->tid, first.tid());
}

TEST_F(loop_finder_test, keeps_the_figures_of_a_thread_that_has_ended_and_frees_its_words) {
  {
    looping_thread thread(*map_, 0, 7);
    finder_.blocking_update();
    thread.block_for(milliseconds{60});
    ASSERT_TRUE(stall_of_at_least(milliseconds{60}));
  }
  ASSERT_TRUE(eventually([this] {
    finder_.blocking_update();
    return map_->threads[0].tid == 0;
  }));
  const auto loops = finder_.loops();
  ASSERT_EQ(loops.size(), 1U);
  EXPECT_GE(loops[0].turns.turns, 2U);
  EXPECT_GE(loops[0].turns.longest, milliseconds{60});
  EXPECT_EQ(loops[0].figures.total.stalls, stalls().size());
  EXPECT_EQ(map_->threads[0].turn, 0U);
  EXPECT_TRUE(finder_.watches().empty());
}

TEST_F(loop_finder_test, frees_the_words_of_a_thread_that_ended_without_a_loop) {
  map_->threads[0].pid = ::getpid();
  map_->threads[0].tid = 0x7ffffff0;  // no thread has this ID
  finder_.blocking_update();
  EXPECT_EQ(map_->threads[0].tid, 0);
  EXPECT_TRUE(finder_.loops().empty());
}

TEST(turn_figures, have_quantiles_and_a_busy_share) {
  auto words = std::make_unique<thread_words>();
  for (int i = 0; i < 99; ++i) ++words->turns[turn_cell(1'000'000)];
  ++words->turns[turn_cell(80'000'000)];
  words->busy_total = 179'000'000;
  words->longest = 80'000'000;
  turn_figures figures;
  EXPECT_FALSE(figures.quantile(0.5));
  EXPECT_FALSE(figures.busy_share());
  figures.add(*words, std::chrono::seconds{1});
  EXPECT_EQ(figures.turns, 100U);
  EXPECT_NEAR(static_cast<double>(figures.quantile(0.5)->count()), 1e6, 1e6 / 16);
  EXPECT_NEAR(static_cast<double>(figures.quantile(0.99)->count()), 1e6, 1e6 / 16);
  EXPECT_EQ(figures.quantile(1.0), milliseconds{80});
  EXPECT_NEAR(*figures.busy_share(), 0.179, 1e-9);
}

}  // namespace
}  // namespace loopscope::watch
