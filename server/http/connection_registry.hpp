#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <functional>

#include "deadlines.hpp"

namespace loopscope::http {

class connection;

using registry_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// The open connections of one loop. Owns none of them.
///
/// Threads: its loop; open() may be asked from anywhere.
class connection_registry {
 public:
  void add(connection& opened);
  void remove(connection& closing);
  std::size_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  /// Ends what is overdue, and looks after clients that cannot be heard otherwise.
  void sweep(time_point now, bool counts);
  void drain();
  void abort();

 private:
  template <class Action>
  void for_all(Action action);

  boost::intrusive::list<registry_hook, boost::intrusive::constant_time_size<false>> list_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace loopscope::http
