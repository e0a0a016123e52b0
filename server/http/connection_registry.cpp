#include "connection_registry.hpp"

#include <boost/asio/post.hpp>
#include <utility>
#include <vector>

#include "connection.hpp"

namespace loopscope::http {

namespace {

// Each costs a few system calls; who is not overdue must not wait for a crowd that is.
constexpr std::size_t expired_in_a_turn = 8;

void expire_some(std::vector<connection::pointer> found, time_point now) {
  for (std::size_t i = 0; i < expired_in_a_turn && !found.empty(); ++i) {
    const auto each = std::move(found.back());
    found.pop_back();
    // It may have got on while others had their turn.
    if (each->overdue(now) || each->unheard_client_left()) each->expire();
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
  // An action may close any connection, so the list cannot be walked meanwhile.
  std::vector<connection::pointer> all;
  all.reserve(open());
  for (auto& each : list_) all.emplace_back(static_cast<connection*>(&each));
  for (auto& each : all) action(*each);
}

void connection_registry::sweep(time_point now, bool counts) {
  std::vector<connection::pointer> found;
  for (auto& each : list_) {
    auto& one = static_cast<connection&>(each);
    if ((counts && one.overdue(now)) || one.unheard_client_left()) found.emplace_back(&one);
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
