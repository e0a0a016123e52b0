#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "event_feed.hpp"
#include "period.hpp"
#include "sample_collector.hpp"
#include "sources.hpp"

namespace loopscope::admin {

/// Publishes a sample every 100 ms while somebody subscribes, and keeps each loop's last second for /loop.
///
/// What may wait (kernel files, the disk that holds the outputs) happens on a thread of its own, so that the
/// admin loop answers meanwhile. With nobody subscribed it wakes once a second. Threads: last_second() from
/// any. Lifetime: `of` outlives *this; create it before the admin loop runs, destroy it after the loop has
/// ended and before its io_context. The destructor waits for a sample under way.
class event_sampler {
 public:
  static constexpr std::chrono::milliseconds sample_period{100};
  static constexpr std::chrono::seconds window_period{1};

  event_sampler(const sources& of, std::shared_ptr<event_feed> feed);
  ~event_sampler();
  event_sampler(const event_sampler&) = delete;
  event_sampler& operator=(const event_sampler&) = delete;

  using windows = std::vector<std::optional<monitor::window_figures>>;
  /// The last complete second of each of sources::loops; absent in the first.
  windows last_second() const;

 private:
  void run(const std::stop_token& stop);
  void wait(const std::stop_token& stop, period::time_point until);
  void read_second(std::vector<monitor::interval_reader>& readers);
  void publish(sample_collector& collector);

  const sources& of_;
  std::shared_ptr<event_feed> feed_;
  std::uint64_t last_id_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool demanded_ = false;
  windows last_second_;

  std::jthread thread_;  // last: it uses the others
};

}  // namespace loopscope::admin
