#include "event_sampler.hpp"

#include "server/support/json_text.hpp"

#include <pthread.h>

#include "sse.hpp"

namespace loopscope::admin {

using clock = std::chrono::steady_clock;

event_sampler::event_sampler(const sources& of, std::shared_ptr<event_feed> feed)
    : of_(of), feed_(std::move(feed)), last_second_(of.loops.size()) {
  feed_->on_demand([this] {
    const std::lock_guard lock{mutex_};
    demanded_ = true;
    changed_.notify_one();
  });
  thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

event_sampler::~event_sampler() {
  thread_.request_stop();
  thread_.join();
  feed_->on_demand({});
}

event_sampler::windows event_sampler::last_second() const {
  const std::lock_guard lock{mutex_};
  return last_second_;
}

void event_sampler::run(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "admin-sampler");
  std::vector<monitor::interval_reader> readers;
  for (const auto& each : of_.loops) readers.push_back(each.watch.interval());
  period second{window_period, clock::now()};
  period tick{sample_period, clock::now()};
  std::optional<sample_collector> collector;
  while (!stop.stop_requested()) {
    wait(stop, collector ? std::min(second.next(), tick.next()) : second.next());
    if (second.due(clock::now())) read_second(readers);
    if (feed_->subscribers() == 0) {
      collector.reset();
    } else if (!collector) {
      collector.emplace(of_);
      tick = period{sample_period, clock::now()};
    } else if (tick.due(clock::now())) {
      publish(*collector);
    }
  }
}

void event_sampler::wait(const std::stop_token& stop, period::time_point until) {
  std::unique_lock lock{mutex_};
  changed_.wait_until(lock, stop, until, [this] { return demanded_; });
  demanded_ = false;
}

void event_sampler::read_second(std::vector<monitor::interval_reader>& readers) {
  windows read;
  for (auto& each : readers) read.emplace_back(each.read());
  const std::lock_guard lock{mutex_};
  last_second_ = std::move(read);
}

void event_sampler::publish(sample_collector& collector) {
  const auto id = ++last_id_;
  std::string text = sse::event(id, "sample", json_text(sample_json(collector.blocking_collect())));
  feed_->publish(std::make_shared<feed_event>(feed_event{id, std::move(text)}));
}

}  // namespace loopscope::admin
