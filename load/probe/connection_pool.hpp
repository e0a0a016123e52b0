// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace loopscope::probe {

using request_id = std::uint32_t;
using slot_id = std::uint32_t;

/// Decides which connection sends which request: an idle one, or a new one while there are fewer than `max`; otherwise
/// the request waits in a queue for the next free connection. Each connection has one request at a time. The pool only
/// decides; the caller opens connections and sends.
///
/// Threads: none of its own. Bounds: `max` connections; the queue can hold the whole schedule.
class connection_pool {
 public:
  /// Which idle connection is used next: the one used last, so that few connections are busy, or all in turn.
  enum class idle_order { used_last, in_turn };

  explicit connection_pool(std::size_t max, idle_order order = idle_order::used_last) : max_(max), order_(order) {}

  enum class step { send, open, wait };
  struct decision {
    step next;
    slot_id slot = 0;  ///< for send and open
  };

  /// A request is due. After `open` the request belongs to the slot and is sent when the slot is connected.
  decision place(request_id request);
  /// Opens a connection in advance. Call it only while there are fewer than `max`.
  slot_id open_spare();
  /// The slot has been connected, or its response has arrived. Returns the request to send on it now; nullopt if the
  /// slot is idle.
  std::optional<request_id> freed(slot_id slot, bool just_connected);
  /// The slot's connection has ended, and with it request_of(slot). If requests wait, returns the slot to open for the
  /// first of them.
  std::optional<slot_id> closed(slot_id slot);
  /// The slot's connection has ended, and another one is opened in its place for the same request.
  void reopened() { ++opened_; }

  std::optional<request_id> request_of(slot_id slot) const { return slots_[slot].request; }
  std::size_t queue_length() const { return queue_.size(); }

  std::size_t open_now() const { return open_now_; }
  std::size_t opened() const { return opened_; }
  std::size_t peak() const { return peak_; }
  std::size_t max_queue() const { return max_queue_; }

 private:
  struct slot_state {
    std::optional<request_id> request;
  };

  slot_id open_slot(std::optional<request_id> request);
  std::optional<request_id> take_from_queue();

  slot_id take_idle();

  std::size_t max_;
  idle_order order_;
  std::vector<slot_state> slots_;
  std::vector<slot_id> unused_;
  std::deque<slot_id> idle_;  ///< the one used last is at the back
  std::deque<request_id> queue_;
  std::size_t open_now_ = 0;
  std::size_t opened_ = 0;
  std::size_t peak_ = 0;
  std::size_t max_queue_ = 0;
};

}  // namespace loopscope::probe
