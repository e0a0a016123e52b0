// SPDX-License-Identifier: MIT

#include "loop_state.hpp"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "connection.hpp"

namespace loopscope::http {

namespace {

// Expiring a connection costs several system calls. A few per turn, so that a mass time-out does not delay live
// clients.
constexpr std::size_t max_expired_per_turn = 8;

void expire_some(std::vector<connection::pointer> found, time_point now) {
  for (std::size_t i = 0; i < max_expired_per_turn && !found.empty(); ++i) {
    const auto each = std::move(found.back());
    found.pop_back();
    // It may have made progress in the meantime.
    if (each->overdue(now) || each->peer_closed_while_paused()) each->expire();
  }
  if (found.empty()) return;
  const auto loop = found.back()->loop();
  asio::post(loop, [rest = std::move(found), now]() mutable { expire_some(std::move(rest), now); });
}

}  // namespace

void connection_registry::add(connection& opened) {
  list_.push_back(opened);
  open_.fetch_add(1, std::memory_order_relaxed);
}

void connection_registry::remove(connection& closing) {
  list_.erase(list_.iterator_to(closing));
  open_.fetch_sub(1, std::memory_order_relaxed);
}

template <class Action>
void connection_registry::for_all(Action action) {
  // An action may close any connection, so it cannot run while the list is walked.
  std::vector<connection::pointer> all;
  all.reserve(open());
  for (auto& each : list_) all.emplace_back(static_cast<connection*>(&each));
  for (auto& each : all) action(*each);
}

void connection_registry::sweep(time_point now, bool counts) {
  std::vector<connection::pointer> found;
  for (auto& each : list_) {
    auto& one = static_cast<connection&>(each);
    if ((counts && one.overdue(now)) || one.peer_closed_while_paused()) found.emplace_back(&one);
  }
  if (!found.empty()) expire_some(std::move(found), now);
}

void connection_registry::drain() {
  for_all([](connection& each) { each.drain(); });
}

void connection_registry::abort() {
  for_all([](connection& each) { each.abort(); });
}

}  // namespace loopscope::http
