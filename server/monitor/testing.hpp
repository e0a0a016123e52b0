// SPDX-License-Identifier: MIT

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "loop_watch.hpp"

namespace loopscope::monitor::testing {

class fail_on_stall;

/// Looks at every guarded loop at the end of each test. The first fail_on_stall installs it; GoogleTest owns it.
class stall_listener : public ::testing::EmptyTestEventListener {
 public:
  static stall_listener& installed() {
    static stall_listener* const listener = [] {
      auto* const made = new stall_listener;
      ::testing::UnitTest::GetInstance()->listeners().Append(made);
      return made;
    }();
    return *listener;
  }

  void add(fail_on_stall& guard) { guards_.push_back(&guard); }
  void remove(fail_on_stall& guard) { guards_.erase(std::find(guards_.begin(), guards_.end(), &guard)); }

  inline void OnTestEnd(const ::testing::TestInfo&) override;

 private:
  std::vector<fail_on_stall*> guards_;
};

/// Fails each GoogleTest test during which a watched loop stalled: with the stall's sentence, at its place in the code.
///
///     loopscope::monitor::loop_monitor monitor{io};
///     loopscope::monitor::testing::fail_on_stall guard{monitor};
///
/// A guard may live in a test, in a fixture, or over many tests beside a loop that all of them use. Stalls from before
/// the guard are left out; one that goes on into the next test fails both tests. Where a stall is found at the end of a
/// test, the test waits at most `patience` for its end and for the names of its functions; without a stall it does not
/// wait. A loop that loop_monitor::run() runs is watched from the start, another one from its first probe on: its first
/// handler of all may block unseen. There, a stall of less than options::stall_threshold plus options::probe_interval
/// may be missed where it ends with the test. Threads: the one that runs the tests. Lifetime: the monitor outlives
/// *this.
class fail_on_stall {
 public:
  explicit fail_on_stall(const loop_watch& loop, std::chrono::milliseconds patience = std::chrono::seconds{1})
      : loop_(loop), patience_(patience) {
    for (const stall_record& each : loop_.recent_stalls())
      if (!each.in_progress) told_.push_back(each.id);
    stall_listener::installed().add(*this);
  }
  fail_on_stall(const fail_on_stall&) = delete;
  fail_on_stall& operator=(const fail_on_stall&) = delete;
  ~fail_on_stall() {
    stall_listener::installed().remove(*this);
    check();
  }

  /// Adds a failure to the running test for each stall that no check has told yet.
  void check() {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    std::vector<stall_record> stalls = untold();
    while (!std::all_of(stalls.begin(), stalls.end(), is_complete) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      stalls = untold();
    }
    for (const stall_record& each : stalls) {
      const stack_frame* const place = each.culprit ? &each.stack[*each.culprit] : nullptr;
      const bool known = place != nullptr && !place->file.empty();
      ADD_FAILURE_AT(known ? place->file.c_str() : nullptr, known ? place->line : -1) << each.sentence;
      if (!each.in_progress) told_.push_back(each.id);
    }
  }

 private:
  static bool is_complete(const stall_record& stall) {
    return !stall.in_progress && !(stall.stack.empty() && stall.no_stack_reason.empty());
  }

  /// The oldest first.
  std::vector<stall_record> untold() const {
    std::vector<stall_record> stalls = loop_.recent_stalls();
    const auto is_told = [this](const stall_record& each) {
      return std::find(told_.begin(), told_.end(), each.id) != told_.end();
    };
    stalls.erase(std::remove_if(stalls.begin(), stalls.end(), is_told), stalls.end());
    std::reverse(stalls.begin(), stalls.end());
    return stalls;
  }

  const loop_watch& loop_;
  std::chrono::milliseconds patience_;
  std::vector<std::uint64_t> told_;
};

inline void stall_listener::OnTestEnd(const ::testing::TestInfo&) {
  for (fail_on_stall* each : guards_) each->check();
}

}  // namespace loopscope::monitor::testing
