// SPDX-License-Identifier: MIT

#include "event_sampler.hpp"

#include <pthread.h>

#include "json.hpp"
#include "server/support/json_text.hpp"
#include "sse.hpp"

namespace loopscope::admin {

using clock = std::chrono::steady_clock;

event_sampler::event_sampler(const sources& source, std::shared_ptr<event_feed> feed)
    : source_(source), feed_(std::move(feed)) {
  last_second_.update(source_.loops());
  feed_->on_first_subscriber([this] {
    const std::lock_guard lock{mutex_};
    subscribed_ = true;
    changed_.notify_one();
  });
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

event_sampler::~event_sampler() {
  thread_.request_stop();
  thread_.join();
  feed_->on_first_subscriber({});
}

std::optional<monitor::window_figures> event_sampler::last_second(const metrics::loop_source& loop) const {
  const std::lock_guard lock{mutex_};
  const auto* const known = last_second_.find(loop.watch);
  return known ? known->figures : std::nullopt;
}

void event_sampler::run(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "admin-sampler");
  periodic_timer second{window_period, clock::now()};
  periodic_timer tick{sample_period, clock::now()};
  std::optional<sample_collector> collector;  // while there is a subscriber
  while (!stop.stop_requested()) {
    wait(stop, collector ? std::min(second.next(), tick.next()) : second.next());
    if (second.poll(clock::now())) read_last_second();
    if (feed_->subscribers() == 0) {
      collector.reset();
    } else if (!collector) {
      collector.emplace(source_);
      tick = periodic_timer{sample_period, clock::now()};
    } else if (tick.poll(clock::now())) {
      blocking_publish(*collector);
    }
  }
}

void event_sampler::wait(const std::stop_token& stop, periodic_timer::time_point until) {
  std::unique_lock lock{mutex_};
  changed_.wait_until(lock, stop, until, [this] { return subscribed_; });
  subscribed_ = false;
}

void event_sampler::read_last_second() {
  const auto loops = source_.loops();
  const std::lock_guard lock{mutex_};
  for (auto& [watch, window] : last_second_) window.figures = window.reader.read();
  last_second_.update(loops);
}

void event_sampler::blocking_publish(sample_collector& collector) {
  const auto id = ++last_id_;
  std::string text = sse::event(id, "sample", json_text(sample_json(collector.blocking_collect())));
  feed_->publish(std::make_shared<feed_event>(feed_event{id, std::move(text)}));
}

}  // namespace loopscope::admin
