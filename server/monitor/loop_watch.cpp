#include "loop_watch.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "watch/watchdog.hpp"
#include "watch/watched_loop.hpp"

namespace loopscope::monitor {
namespace {

using clock = std::chrono::steady_clock;

}  // namespace

void probe::operator()() const noexcept {
  loop_->heartbeat().beat();
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

loop_watch::loop_watch(loop_hooks hooks, options settings, std::shared_ptr<activity_slot> activities)
    : watchdog_(watchdog::shared()) {
  if (!activities) activities = std::make_shared<activity_slot>(settings.activity_capacity);
  loop_ =
      std::make_shared<watched_loop>(std::move(hooks), std::move(settings), std::move(activities), watchdog_->wake());
  watchdog_->add(loop_);
}

loop_watch::~loop_watch() {
  watchdog_->remove(*loop_);
  loop_->detach();
}

snapshot loop_watch::snapshot() const {
  monitor::snapshot out;
  const auto now = clock::now();
  out.total = loop_->stats().total(now);
  out.by_verdict = loop_->stats().by_verdict();
  out.stalled_for = loop_->stalled_for(now);
  loop_->add_counters(out);
  return out;
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
  return loop_->stats().recent_stalls();
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
