#include "connection_registry.hpp"

#include <vector>

#include "connection.hpp"

namespace loopscope::http {

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
  for (auto& each : found) each->expire();
}

void connection_registry::drain() {
  for_all([](connection& each) { each.drain(); });
}

void connection_registry::abort() {
  for_all([](connection& each) { each.abort(); });
}

}  // namespace loopscope::http
