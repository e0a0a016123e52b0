// SPDX-License-Identifier: MIT

#include "loop_watch.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "explain/explainer.hpp"
#include "watch/reporter.hpp"
#include "watch/watchdog.hpp"
#include "watch/watched_loop.hpp"

namespace loopscope::monitor {
namespace {

using clock = std::chrono::steady_clock;

}  // namespace

void probe::operator()() const noexcept {
  loop_->on_probe(purpose_);
}

interval_reader::interval_reader(std::shared_ptr<watched_loop> loop)
    : loop_(std::move(loop)), window_(loop_->stats().open_window(clock::now())) {}

interval_reader& interval_reader::operator=(interval_reader&& other) noexcept {
  std::swap(loop_, other.loop_);
  std::swap(window_, other.window_);
  return *this;
}

interval_reader::~interval_reader() {
  if (loop_) loop_->stats().close_window(window_);
}

window_figures interval_reader::read() {
  return loop_->stats().read(window_, clock::now());
}

thread_seat::thread_seat(loop_watch& watch) : loop_(watch.loop_), slot_(loop_->join_this_thread()) {
  slot_.enter();
}

thread_seat::~thread_seat() {
  slot_.leave();
}

void thread_seat::start_counting() noexcept {
  slot_.set_counted();
}

void thread_seat::before_wait() noexcept {
  slot_.before_wait();
}

void thread_seat::end_turn() noexcept {
  slot_.end_turn();
}

loop_watch::loop_watch(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities)
    : watchdog_(watchdog::shared()), explainer_(explainer::shared()), reporter_(reporter::shared()) {
  if (!activities) activities = std::make_shared<activity_slot>(settings.activity_capacity);
  loop_ = std::make_shared<watched_loop>(std::move(hooks), std::move(settings), std::move(activities),
                                         watchdog_->wake(), *explainer_, *reporter_);
  watchdog_->add(loop_);
}

loop_watch::loop_watch(loop_hooks hooks, options settings, const loop_watch& whole)
    : watchdog_(whole.watchdog_), explainer_(whole.explainer_), reporter_(whole.reporter_) {
  loop_ = std::make_shared<watched_loop>(std::move(hooks), std::move(settings), whole.activities(), watchdog_->wake(),
                                         *explainer_, *reporter_, whole.loop_);
  watchdog_->add(loop_);
}

loop_watch::~loop_watch() {
  watchdog_->remove(*loop_);
  loop_->detach();
}

snapshot loop_watch::snapshot() const {
  return loop_->snapshot();
}

std::chrono::nanoseconds loop_watch::stalled_for() const noexcept {
  return loop_->stalled_for(clock::now());
}

std::optional<std::chrono::nanoseconds> loop_watch::recent_lag() const {
  const auto now = clock::now();
  const auto stalled = loop_->last_stalled_for(now);
  const auto measured = loop_->stats().max_recent_lag(now);
  return stalled.count() > 0 ? std::max(stalled, measured.value_or(stalled)) : measured;
}

std::vector<stall_record> loop_watch::recent_stalls() const {
  return loop_->recent_stalls();
}

std::uint64_t loop_watch::stall_to_blame() const noexcept {
  return loop_->heartbeat().stall_to_blame();
}

void loop_watch::note_delayed(std::uint64_t stall, std::chrono::nanoseconds waited) noexcept {
  loop_->heartbeat().note_delayed(stall, waited, clock::now());
}

const std::shared_ptr<activity_slot>& loop_watch::activities() const noexcept {
  return loop_->activities();
}

std::optional<std::chrono::milliseconds> unread_data_age(int socket_fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_last_data_recv) + sizeof info.tcpi_last_data_recv) return std::nullopt;
  return std::chrono::milliseconds{info.tcpi_last_data_recv};
}

}  // namespace loopscope::monitor
