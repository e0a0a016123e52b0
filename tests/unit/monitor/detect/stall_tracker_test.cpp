// SPDX-License-Identifier: MIT

#include "server/monitor/detect/stall_tracker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "server/monitor/detect/probe_schedule.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// A loop with one thread of which the test decides what it does, seen through the eyes of the watchdog.
class stall_tracker_test : public ::testing::Test {
 protected:
  struct sample_outcome : stall_tracker::sample_outcome {
    bool post_probe = false;
  };
  struct beat_outcome : stall_tracker::ended {
    std::optional<probe_schedule::lag_sample> lag;
  };

  stall_tracker_test() {
    // The first probe starts the tracking.
    EXPECT_TRUE(sample_idle(0).post_probe);
    beat(microseconds{50});
  }

  static stall_tracker::time_point at(nanoseconds t) { return stall_tracker::time_point{} + std::chrono::hours{1} + t; }
  static thread_sample sample_at(nanoseconds t, thread_state state, nanoseconds cpu,
                                 std::optional<nanoseconds> not_running_for = {}) {
    thread_sample s;
    s.time = at(t);
    s.state = state;
    s.cpu = cpu;
    s.run_queue = nanoseconds{0};
    s.not_running_for = not_running_for;
    return s;
  }
  sample_outcome on_sample(const thread_sample& sample) {
    sample_outcome out{tracker_.on_sample(sample, true)};
    out.post_probe = schedule_.on_check(sample.time, tracker_.running(), sample.state == thread_state::waiting).post;
    if (out.post_probe) {
      schedule_.on_posted(sample.time);
      tracker_.on_probe_posted(sample.time);
    }
    return out;
  }
  beat_outcome on_beat(const stall_tracker::beat& latest, nanoseconds run_queue) {
    const auto lag = schedule_.on_beat(latest.time, tracker_.running());
    return {tracker_.on_beat(latest, run_queue), lag};
  }
  stall_tracker::time_point next_check(stall_tracker::time_point now) const {
    return std::min(schedule_.next_deadline(), tracker_.next_check(now));
  }
  sample_outcome sample_idle(int ms) { return on_sample(sample_at(milliseconds{ms}, thread_state::waiting, cpu_)); }
  sample_outcome sample_running(int ms) {
    return on_sample(sample_at(milliseconds{ms}, thread_state::runnable, cpu_, nanoseconds{0}));
  }
  beat_outcome beat(nanoseconds t) { return on_beat({at(t), cpu_}, nanoseconds{0}); }

  nanoseconds cpu_{0};
  probe_schedule schedule_{milliseconds{25}, at(nanoseconds{0})};
  stall_tracker tracker_{milliseconds{25}};
};

TEST_F(stall_tracker_test, leaves_an_idle_loop_alone_at_four_deadlines_of_five) {
  int posts = 0;
  for (int i = 1; i <= 50; ++i) {
    if (sample_idle(25 * i).post_probe) {
      ++posts;
      beat(milliseconds{25 * i} + microseconds{80});
    }
  }
  EXPECT_EQ(posts, 10);
}

TEST_F(stall_tracker_test, sees_at_most_fifty_wakeups_a_second_on_an_idle_loop) {
  int wakeups = 0;
  auto now = at(nanoseconds{0});
  while (now < at(std::chrono::seconds{10})) {
    now = next_check(now);
    ++wakeups;
    if (on_sample(sample_at(now - at(nanoseconds{0}), thread_state::waiting, cpu_)).post_probe) {
      ++wakeups;
      beat(now - at(nanoseconds{0}) + microseconds{80});
    }
  }
  EXPECT_LE(wakeups, 500);
}

TEST_F(stall_tracker_test, measures_the_lag_of_an_idle_loop_from_the_post) {
  for (int i = 1; i <= 4; ++i) sample_idle(25 * i);
  // The watchdog came 2 ms late to the deadline at 125 ms, which is no lag of the loop.
  ASSERT_TRUE(sample_idle(127).post_probe);
  const auto out = beat(milliseconds{128});
  ASSERT_TRUE(out.lag);
  EXPECT_EQ(out.lag->lag, milliseconds{1});
  EXPECT_EQ(out.lag->idle_deadlines, 4U);
  EXPECT_EQ(out.lag->idle_lag, milliseconds{1});
  EXPECT_FALSE(out.stall);
}

TEST_F(stall_tracker_test, measures_the_lag_of_a_busy_loop_from_the_deadline) {
  cpu_ += milliseconds{5};
  ASSERT_TRUE(sample_running(27).post_probe);
  EXPECT_EQ(beat(milliseconds{28}).lag->lag, milliseconds{3});
}

// The watchdog was interrupted between its sample and the post.
TEST_F(stall_tracker_test, does_not_take_its_own_absence_before_the_post_for_a_stall) {
  cpu_ += milliseconds{1};
  const auto sample = sample_at(milliseconds{25}, thread_state::runnable, cpu_, nanoseconds{0});
  EXPECT_TRUE(tracker_.on_sample(sample, true).suspicion_began);
  tracker_.on_probe_posted(at(milliseconds{900}));
  EXPECT_FALSE(beat(milliseconds{902}).stall);
}

TEST_F(stall_tracker_test, finds_no_stall_without_proof_but_one_with_it) {
  const auto sample = [&](int ms, bool is_proof) {
    return tracker_.on_sample(sample_at(milliseconds{ms}, thread_state::runnable, milliseconds{ms}, nanoseconds{0}),
                              is_proof);
  };
  sample(20, false);
  for (int ms = 30; ms <= 100; ms += 10) EXPECT_FALSE(sample(ms, false).stall_began);
  EXPECT_FALSE(tracker_.on_beat({at(milliseconds{105}), milliseconds{105}}, nanoseconds{0}, false).stall);
  sample(110, true);
  EXPECT_TRUE(sample(140, true).stall_began);
}

TEST_F(stall_tracker_test, ends_a_stall_when_the_thread_is_seen_to_wait) {
  sample_running(25);
  ASSERT_TRUE(sample_running(55).stall_began);
  const auto out = tracker_.on_sample(sample_at(milliseconds{90}, thread_state::waiting, cpu_, milliseconds{4}), true);
  ASSERT_TRUE(out.end.stall);
  EXPECT_EQ(out.end.stall->end, at(milliseconds{86}));
}

TEST_F(stall_tracker_test, knows_the_start_of_a_counted_turn) {
  auto sample = sample_at(milliseconds{25}, thread_state::runnable, milliseconds{5}, nanoseconds{0});
  sample.turn = 7;
  sample.turn_start = at(milliseconds{21});
  EXPECT_TRUE(tracker_.on_sample(sample, true).suspicion_began);
  sample.time = at(milliseconds{45});
  EXPECT_FALSE(tracker_.on_sample(sample, true).stall_began);
  sample.time = at(milliseconds{46});
  EXPECT_TRUE(tracker_.on_sample(sample, true).stall_began);
  EXPECT_EQ(tracker_.stall_start(), at(milliseconds{21}));
}

TEST_F(stall_tracker_test, has_no_stall_while_turns_change) {
  for (int ms = 25; ms <= 500; ms += 10) {
    auto sample = sample_at(milliseconds{ms}, thread_state::runnable, milliseconds{ms}, nanoseconds{0});
    sample.turn = static_cast<std::uint64_t>(ms);
    EXPECT_FALSE(tracker_.on_sample(sample, true).stall_began);
  }
}

TEST_F(stall_tracker_test, counts_a_turn_that_no_sample_has_seen) {
  sample_idle(25);
  const auto out =
      tracker_.on_beat({at(milliseconds{52}), milliseconds{26}}, nanoseconds{0}, true, at(milliseconds{26}));
  ASSERT_TRUE(out.stall);
  EXPECT_TRUE(out.found_late);
  EXPECT_EQ(out.stall->start, at(milliseconds{26}));
}

TEST_F(stall_tracker_test, asks_where_a_thread_was_only_when_its_times_leave_that_open) {
  const auto asks = [&](int ms, thread_state state, int cpu_ms) {
    return tracker_.needs_not_running_for(sample_at(milliseconds{ms}, state, milliseconds{cpu_ms}));
  };
  EXPECT_FALSE(asks(20, thread_state::waiting, 0));
  EXPECT_FALSE(asks(20, thread_state::runnable, 20));
  EXPECT_TRUE(asks(20, thread_state::runnable, 10));
  EXPECT_TRUE(asks(20, thread_state::asleep, 20));

  sample_running(20);
  EXPECT_FALSE(asks(22, thread_state::runnable, 10));
  EXPECT_TRUE(asks(50, thread_state::runnable, 10));  // a stall is suspected
  sample_running(60);
  EXPECT_FALSE(asks(70, thread_state::runnable, 10));  // and found
}

TEST_F(stall_tracker_test, has_one_probe_outstanding_at_most) {
  cpu_ = milliseconds{10};
  EXPECT_TRUE(sample_running(25).post_probe);
  for (int ms = 30; ms <= 300; ms += 10) EXPECT_FALSE(sample_running(ms).post_probe);
}

TEST_F(stall_tracker_test, finds_a_stall_while_it_lasts_and_where_it_began) {
  // Idle until 115 ms, then computing.
  for (int i = 1; i <= 4; ++i) sample_idle(25 * i);
  cpu_ += milliseconds{10};
  EXPECT_TRUE(sample_running(125).post_probe);
  EXPECT_EQ(next_check(at(milliseconds{125})), at(milliseconds{135}));
  cpu_ += milliseconds{10};
  EXPECT_FALSE(sample_running(135).stall_began);
  EXPECT_EQ(next_check(at(milliseconds{135})), at(milliseconds{140}));
  cpu_ += milliseconds{5};
  EXPECT_TRUE(sample_running(140).stall_began);
  EXPECT_EQ(tracker_.stall_start(), at(milliseconds{115}));
  EXPECT_EQ(tracker_.totals_at_start().cpu, nanoseconds{0});

  cpu_ += milliseconds{60};
  const auto out = beat(milliseconds{200});
  ASSERT_TRUE(out.stall);
  EXPECT_FALSE(out.found_late);
  EXPECT_EQ(out.stall->start, at(milliseconds{115}));
  EXPECT_EQ(out.stall->end, at(milliseconds{200}));
}

TEST_F(stall_tracker_test, samples_a_stall_at_doubling_ages) {
  cpu_ += milliseconds{1};
  sample_running(25);
  std::vector<int> sampled;
  for (int ms = 30; ms <= 900; ms += 10) {
    cpu_ += milliseconds{10};
    if (sample_running(ms).take_stack) sampled.push_back(ms);
  }
  // The stall began at 24 ms.
  EXPECT_EQ(sampled, (std::vector<int>{50, 80, 130, 230, 430, 830}));
}

TEST_F(stall_tracker_test, reports_a_stall_once) {
  cpu_ += milliseconds{1};
  sample_running(25);
  int began = 0;
  for (int ms = 30; ms <= 900; ms += 10) began += sample_running(ms).stall_began;
  EXPECT_EQ(began, 1);
}

TEST_F(stall_tracker_test, knows_since_when_a_sleeping_loop_sleeps) {
  sample_idle(25);
  EXPECT_TRUE(on_sample(sample_at(milliseconds{50}, thread_state::asleep, cpu_, milliseconds{18})).post_probe);
  EXPECT_TRUE(on_sample(sample_at(milliseconds{57}, thread_state::asleep, cpu_, milliseconds{25})).stall_began);
  EXPECT_EQ(tracker_.stall_start(), at(milliseconds{32}));
}

TEST_F(stall_tracker_test, counts_a_stall_that_ended_before_a_look_could_find_it) {
  sample_idle(25);
  on_sample(sample_at(milliseconds{50}, thread_state::asleep, cpu_, milliseconds{20}));
  const auto out = beat(milliseconds{62});
  ASSERT_TRUE(out.stall);
  EXPECT_TRUE(out.found_late);
  EXPECT_EQ(out.stall->end - out.stall->start, milliseconds{32});
}

TEST_F(stall_tracker_test, takes_the_onset_of_a_cooperative_load_for_no_stall) {
  sample_idle(25);
  // All of the last interval was used, by many short handlers: the probe comes through at once.
  cpu_ += milliseconds{25};
  EXPECT_TRUE(sample_running(50).post_probe);
  EXPECT_FALSE(beat(milliseconds{51}).stall);
}

TEST_F(stall_tracker_test, takes_a_cooperative_loop_that_waits_for_a_cpu_for_no_stall) {
  sample_idle(25);
  cpu_ += milliseconds{25};
  sample_running(50);
  EXPECT_FALSE(on_sample(sample_at(milliseconds{58}, thread_state::runnable, cpu_, milliseconds{8})).stall_began);
  EXPECT_FALSE(on_beat({at(milliseconds{60}), cpu_}, milliseconds{9}).stall);
}

TEST_F(stall_tracker_test, counts_a_loop_that_waits_for_a_cpu_beyond_the_threshold) {
  sample_idle(25);
  sample_running(50);
  EXPECT_TRUE(on_sample(sample_at(milliseconds{76}, thread_state::runnable, cpu_, milliseconds{26})).stall_began);
}

TEST_F(stall_tracker_test, counts_a_stall_of_which_a_late_watchdog_saw_only_the_end) {
  sample_idle(25);
  cpu_ += milliseconds{70};
  EXPECT_TRUE(sample_running(100).post_probe);
  const auto out = on_beat({at(milliseconds{108}), cpu_}, milliseconds{7});
  ASSERT_TRUE(out.stall);
  EXPECT_EQ(out.stall->end - out.stall->start, milliseconds{78});
}

TEST_F(stall_tracker_test, finds_no_stall_in_a_loop_that_is_busy_all_the_time_but_answers) {
  for (int ms = 10; ms <= 5000; ms += 10) {
    cpu_ += milliseconds{10};
    sample_running(ms);
    EXPECT_FALSE(beat(milliseconds{ms + 2}).stall);
  }
}

TEST_F(stall_tracker_test, looks_more_often_at_a_busy_loop) {
  sample_idle(25);
  EXPECT_EQ(next_check(at(milliseconds{25})), at(milliseconds{50}));
  cpu_ += milliseconds{5};
  sample_running(50);
  beat(milliseconds{51});
  EXPECT_EQ(next_check(at(milliseconds{51})), at(milliseconds{61}));
}

TEST_F(stall_tracker_test, takes_the_middle_for_the_start_of_a_handler_that_has_slept_before_it_was_seen) {
  const auto sample = [this](int ms, thread_state state, std::uint64_t wakeups) {
    auto out = sample_at(milliseconds{ms}, state, cpu_, milliseconds{2});
    out.turn = 7;
    out.counted = true;
    out.wakeups = wakeups;
    return out;
  };
  on_sample(sample(100, thread_state::waiting, 40));
  cpu_ += milliseconds{3};
  on_sample(sample(125, thread_state::asleep, 44));
  // It may have begun from 100 ms to 120 ms.
  on_sample(sample(150, thread_state::asleep, 44));
  EXPECT_EQ(tracker_.stall_start(), at(milliseconds{110}));
}

TEST_F(stall_tracker_test, knows_the_start_of_a_handler_when_another_one_has_run_before_it) {
  auto sample = sample_at(milliseconds{100}, thread_state::waiting, cpu_);
  sample.turn = 7;
  sample.counted = true;
  on_sample(sample);
  sample = sample_at(milliseconds{125}, thread_state::asleep, cpu_, milliseconds{21});
  sample.turn = 8;
  sample.counted = true;
  sample.wait = loop_thread::wait_begin{at(milliseconds{101}), cpu_};
  on_sample(sample);
  EXPECT_EQ(tracker_.blocked_since(), at(milliseconds{104}));
}

TEST_F(stall_tracker_test, takes_no_end_of_an_earlier_turn_for_that_of_a_stall) {
  auto sample = sample_at(milliseconds{100}, thread_state::asleep, cpu_);
  sample.turn_start = at(milliseconds{60});
  sample.turn = 8;
  sample.counted = true;
  EXPECT_TRUE(on_sample(sample).stall_began);
  EXPECT_FALSE(on_beat({at(milliseconds{55}), cpu_}, nanoseconds{0}).stall);
  EXPECT_TRUE(tracker_.is_stalled());
}

TEST_F(stall_tracker_test, knows_the_start_of_a_handler_that_has_slept_once) {
  auto sample = sample_at(milliseconds{100}, thread_state::waiting, cpu_);
  sample.turn = 7;
  sample.counted = true;
  sample.wakeups = 40;
  on_sample(sample);
  cpu_ += milliseconds{3};
  sample = sample_at(milliseconds{125}, thread_state::asleep, cpu_, milliseconds{12});
  sample.turn = 7;
  sample.counted = true;
  sample.wakeups = 41;
  on_sample(sample);
  EXPECT_EQ(tracker_.blocked_since(), at(milliseconds{110}));
}

TEST_F(stall_tracker_test, gives_no_lag_for_a_probe_between_deadlines) {
  cpu_ += milliseconds{5};
  sample_running(25);
  ASSERT_TRUE(beat(milliseconds{26}).lag);
  ASSERT_TRUE(sample_running(35).post_probe);
  EXPECT_FALSE(beat(milliseconds{36}).lag);
}

TEST_F(stall_tracker_test, counts_lag_from_the_first_deadline_that_passed_during_a_probe) {
  cpu_ += milliseconds{5};
  sample_running(25);
  beat(milliseconds{26});
  sample_running(35);
  for (int ms = 45; ms <= 105; ms += 10) sample_running(ms);
  const auto out = beat(milliseconds{110});
  ASSERT_TRUE(out.lag);
  EXPECT_EQ(out.lag->lag, milliseconds{60});
}

TEST_F(stall_tracker_test, ends_an_open_stall_when_the_loop_stops) {
  cpu_ += milliseconds{1};
  sample_running(25);
  EXPECT_FALSE(tracker_.is_stall_suspected(at(milliseconds{48})));
  EXPECT_TRUE(tracker_.is_stall_suspected(at(milliseconds{50})));
  sample_running(50);
  const auto stall = tracker_.on_loop_stopped(at(milliseconds{60}));
  ASSERT_TRUE(stall);
  EXPECT_EQ(stall->end, at(milliseconds{60}));
  EXPECT_FALSE(tracker_.running());
}

TEST_F(stall_tracker_test, has_no_stall_while_the_loop_is_not_running) {
  sample_running(25);
  tracker_.on_loop_stopped(at(milliseconds{26}));
  for (int ms = 50; ms <= 5000; ms += 25) {
    const auto out = sample_running(ms);
    EXPECT_FALSE(out.stall_began || out.post_probe);
  }
  // It runs again: the old probe says so, and its age is no lag.
  const auto out = beat(std::chrono::seconds{6});
  EXPECT_FALSE(out.stall || out.lag);
  EXPECT_TRUE(tracker_.running());
}

TEST(a_probe_schedule, posts_one_probe_to_a_loop_that_has_not_run_yet) {
  probe_schedule schedule(milliseconds{25}, probe_schedule::time_point{});
  int posts = 0;
  for (int ms = 0; ms <= 5000; ms += 25) {
    const auto now = probe_schedule::time_point{} + milliseconds{ms};
    if (!schedule.on_check(now, false, false).post) continue;
    ++posts;
    schedule.on_posted(now);
  }
  EXPECT_EQ(posts, 1);
}

}  // namespace
}  // namespace loopscope::monitor
