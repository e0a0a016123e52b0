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

/// One event, serialised once for all subscribers.
struct feed_event {
  std::uint64_t id = 0;
  std::string text;
};

/// Hands the newest event to every subscriber. Nobody waits for anybody: an event that a subscriber was too
/// slow for is lost to that one, and one that is replaced before the loop came to it is lost to all.
///
/// Threads: publish() and subscribers() from any; the rest on the loop. Lifetime: shared with its
/// subscribers; the loop's io_context outlives the last call of publish().
class event_feed : public std::enable_shared_from_this<event_feed> {
 public:
  /// One that reads events, while it exists.
  class subscriber {
   public:
    subscriber(std::shared_ptr<event_feed> feed, std::chrono::milliseconds patience);
    ~subscriber();
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;

    /// The newest event that this subscriber has not seen; waits for one up to `patience`, then answers
    /// nothing, as it does after wake(). One call at a time.
    http::task<std::shared_ptr<const feed_event>> next();
    void wake() { waiting_.cancel(); }

   private:
    std::shared_ptr<const feed_event> unseen();

    std::shared_ptr<event_feed> feed_;
    std::chrono::milliseconds patience_;
    http::timer waiting_;
    std::uint64_t seen_ = 0;
    std::list<subscriber*>::iterator place_;
  };

  static constexpr std::size_t default_max_subscribers = 64;

  explicit event_feed(http::executor loop, std::size_t max_subscribers = default_max_subscribers)
      : loop_(loop), max_subscribers_(max_subscribers) {}

  /// Called on the loop when the first subscriber has come. Set before the loop runs; may be emptied after it
  /// has.
  void on_demand(std::function<void()> then) { on_demand_ = std::move(then); }

  /// Nothing when there are too many. A first subscriber gets no event from before its time.
  std::shared_ptr<subscriber> subscribe(std::chrono::milliseconds patience);
  std::size_t max_subscribers() const noexcept { return max_subscribers_; }
  std::size_t subscribers() const noexcept { return count_.load(std::memory_order_relaxed); }

  /// Makes an event the newest.
  void publish(std::shared_ptr<const feed_event> event);

 private:
  void deliver();

  http::executor loop_;
  std::size_t max_subscribers_;
  std::function<void()> on_demand_;
  std::list<subscriber*> subscribers_;
  std::shared_ptr<const feed_event> newest_;

  std::mutex mutex_;
  std::shared_ptr<const feed_event> published_;  // what deliver() takes; one delivery is queued while it is set
  std::atomic<std::size_t> count_{0};
};

}  // namespace loopscope::admin
