// SPDX-License-Identifier: MIT

#include "event_feed.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

namespace loopscope::admin {

event_feed::subscriber::subscriber(std::shared_ptr<event_feed> feed, std::chrono::milliseconds max_wait)
    : feed_(std::move(feed)),
      max_wait_(max_wait),
      wait_timer_(feed_->loop_),
      position_(feed_->subscribers_.insert(feed_->subscribers_.end(), this)) {
  feed_->count_.fetch_add(1, std::memory_order_relaxed);
}

event_feed::subscriber::~subscriber() {
  feed_->subscribers_.erase(position_);
  feed_->count_.fetch_sub(1, std::memory_order_relaxed);
}

std::shared_ptr<const feed_event> event_feed::subscriber::take_newest() {
  const auto& newest = feed_->newest_;
  if (!newest || newest->id == last_id_) return nullptr;
  last_id_ = newest->id;
  return newest;
}

http::task<std::shared_ptr<const feed_event>> event_feed::subscriber::next() {
  if (auto event = take_newest()) co_return event;
  wait_timer_.expires_after(max_wait_);
  co_await wait_timer_.async_wait(boost::asio::as_tuple(http::use_task));
  co_return take_newest();
}

std::shared_ptr<event_feed::subscriber> event_feed::subscribe(std::chrono::milliseconds max_wait) {
  if (subscribers_.size() >= max_subscribers_) return nullptr;
  const bool first = subscribers_.empty();
  if (first) newest_.reset();
  auto added = std::make_shared<subscriber>(shared_from_this(), max_wait);
  if (first && on_first_subscriber_) on_first_subscriber_();
  return added;
}

void event_feed::publish(std::shared_ptr<const feed_event> event) {
  {
    const std::lock_guard lock{mutex_};
    const bool queued = published_ != nullptr;
    published_ = std::move(event);
    if (queued) return;
  }
  boost::asio::post(loop_, [self = shared_from_this()] { self->deliver(); });
}

void event_feed::deliver() {
  {
    const std::lock_guard lock{mutex_};
    newest_ = std::exchange(published_, nullptr);
  }
  for (subscriber* each : subscribers_) each->wake();
}

}  // namespace loopscope::admin
