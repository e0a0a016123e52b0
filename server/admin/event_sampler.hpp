// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "event_feed.hpp"
#include "loop_states.hpp"
#include "sample.hpp"
#include "sources.hpp"

namespace loopscope::admin {

/// Fixed times, one period apart, for a thread that sleeps until next(). Times that were missed are skipped.
class periodic_timer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  periodic_timer(std::chrono::nanoseconds period, time_point start) : period_(period), next_(start + period) {}

  time_point next() const noexcept { return next_; }

  /// Returns true if next() has come, and then moves it to the first of the times after `now`.
  bool poll(time_point now) noexcept {
    if (now < next_) return false;
    next_ += period_ * ((now - next_) / period_ + 1);
    return true;
  }

 private:
  std::chrono::nanoseconds period_;
  time_point next_;
};

/// Publishes a sample every 100 ms while there is a subscriber, and keeps each loop's last second for /loop.
///
/// Samples are taken on a thread of their own, because kernel files and the disk of the outputs may block. Without a
/// subscriber it wakes once a second. Threads: last_second() from any. Lifetime: `source` outlives *this. Create it
/// before the admin loop runs; destroy it when the loop has ended and its io_context still exists. The destructor waits
/// for a sample in progress.
class event_sampler {
 public:
  static constexpr std::chrono::milliseconds sample_period{100};
  static constexpr std::chrono::seconds window_period{1};

  event_sampler(const sources& source, std::shared_ptr<event_feed> feed);
  ~event_sampler();
  event_sampler(const event_sampler&) = delete;
  event_sampler& operator=(const event_sampler&) = delete;

  /// The last complete second of a loop; nullopt before there is one.
  std::optional<monitor::window_figures> last_second(const metrics::loop_source& loop) const;

 private:
  struct last_window {
    explicit last_window(const monitor::loop_watch& watch) : reader(watch.interval()) {}

    monitor::interval_reader reader;
    std::optional<monitor::window_figures> figures;
  };

  void run(const std::stop_token& stop);
  void wait(const std::stop_token& stop, periodic_timer::time_point until);
  void read_last_second();
  void blocking_publish(sample_collector& collector);

  const sources& source_;
  std::shared_ptr<event_feed> feed_;
  std::uint64_t last_id_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool subscribed_ = false;
  loop_states<last_window> last_second_;

  std::jthread thread_;  // the last member, because it uses the others
};

}  // namespace loopscope::admin
