// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <functional>
#include <utility>

#include "accept_policy.hpp"
#include "connection_fsm.hpp"

namespace loopscope::http {

class connection;

using registry_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The open connections of one loop. Owns none of them.
///
/// Threads: its loop; open() from any thread.
class connection_registry {
 public:
  void add(connection& opened);
  void remove(connection& closing);
  std::size_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  /// Ends overdue connections (if the sweep counts) and those whose client has left unnoticed.
  void sweep(time_point now, bool counts);
  void drain();
  void abort();

 private:
  template <class Action>
  void for_all(Action action);

  boost::intrusive::list<registry_hook, boost::intrusive::constant_time_size<false>> list_;
  std::atomic<std::size_t> open_{0};
};

/// What the connections of one server share: one loop, so nothing here is locked.
///
/// Lifetime: shared by the server and its connections, because handlers that the io_context destroys last may hold the
/// last reference to a connection.
struct loop_state : fsm_context {
  loop_state(executor on_loop, fsm_context context) : fsm_context(std::move(context)), loop(std::move(on_loop)) {}

  executor loop;
  connection_registry registry;
  address_counts addresses;
  /// Connections that exist, including closed ones whose handler still runs.
  std::size_t alive = 0;
  std::function<void()> on_slot_free;  ///< the listener's: a connection has closed
  std::function<void()> on_last_gone;  ///< the drain's: no connection exists any more
};

}  // namespace loopscope::http
