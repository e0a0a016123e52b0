#pragma once

#include <functional>
#include <string>

#include "address_counts.hpp"
#include "connection_registry.hpp"
#include "date_cache.hpp"
#include "limits.hpp"
#include "observer.hpp"
#include "router.hpp"

namespace loopscope::http {

/// What the connections of one server share: one loop, so nothing here is locked.
///
/// Lifetime: shared by the server and its connections, because handlers that the io_context destroys last may
/// hold the last reference to a connection.
struct loop_state {
  loop_state(executor on, const router& to, const limits& within, observer& told)
      : loop(on), routes(to), bounds(within), watcher(told) {}

  executor loop;
  const router& routes;
  limits bounds;
  observer& watcher;
  connection_registry registry;
  address_counts addresses;
  date_cache date;
  /// Answers are serialised here and sent from here; a connection copies only what the kernel does not take.
  std::string out;
  /// What the connections hold together, for limits::max_connection_bytes.
  std::size_t held_bytes = 0;
  bool draining = false;
  /// Connections that exist, closed ones whose handler still runs included.
  std::size_t alive = 0;
  std::function<void()> on_slot_free;  ///< the listener's, when a connection closes
  std::function<void()> on_last_gone;  ///< the drain's
};

}  // namespace loopscope::http
