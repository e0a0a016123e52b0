// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "server/http/types.hpp"

namespace loopscope::admin {

/// One event. Its text is made once for all subscribers.
struct feed_event {
  std::uint64_t id = 0;
  std::string text;
};

/// Hands the newest event to every subscriber; older ones are dropped.
///
/// Nothing waits for a slow subscriber: it misses events that are replaced before it is ready for them. All subscribers
/// miss an event that is replaced before the loop runs.
///
/// Threads: publish() and subscribers() from any; the other members on the loop. Lifetime: shared with the subscribers;
/// the loop's io_context outlives the last call of publish().
class event_feed : public std::enable_shared_from_this<event_feed> {
 public:
  /// Reads events for as long as it exists.
  class subscriber {
   public:
    subscriber(std::shared_ptr<event_feed> feed, std::chrono::milliseconds max_wait);
    ~subscriber();
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;

    /// Returns the newest event if this subscriber has not had it yet. Else waits for the next one; returns nullptr
    /// after `max_wait` or a call of wake(). One call at a time.
    http::task<std::shared_ptr<const feed_event>> next();
    void wake() { wait_timer_.cancel(); }

   private:
    std::shared_ptr<const feed_event> take_newest();

    std::shared_ptr<event_feed> feed_;
    std::chrono::milliseconds max_wait_;
    http::timer wait_timer_;
    std::uint64_t last_id_ = 0;
    std::list<subscriber*>::iterator position_;
  };

  static constexpr std::size_t default_max_subscribers = 64;

  explicit event_feed(http::executor loop, std::size_t max_subscribers = default_max_subscribers)
      : loop_(std::move(loop)), max_subscribers_(max_subscribers) {}

  /// Sets what is called on the loop when a subscriber comes and there was none. Set it before the loop runs; it may be
  /// cleared when the loop has ended.
  void on_first_subscriber(std::function<void()> callback) { on_first_subscriber_ = std::move(callback); }

  /// Returns nullptr at the maximum number of subscribers. A first subscriber gets no event from before its time.
  std::shared_ptr<subscriber> subscribe(std::chrono::milliseconds max_wait);
  std::size_t max_subscribers() const noexcept { return max_subscribers_; }
  std::size_t subscribers() const noexcept { return count_.load(std::memory_order_relaxed); }

  /// Makes `event` the newest one.
  void publish(std::shared_ptr<const feed_event> event);

 private:
  void deliver();

  http::executor loop_;
  std::size_t max_subscribers_;
  std::function<void()> on_first_subscriber_;
  std::list<subscriber*> subscribers_;
  std::shared_ptr<const feed_event> newest_;

  std::mutex mutex_;
  std::shared_ptr<const feed_event> published_;  // for deliver(); while it is set, one call of deliver() is queued
  std::atomic<std::size_t> count_{0};
};

}  // namespace loopscope::admin
