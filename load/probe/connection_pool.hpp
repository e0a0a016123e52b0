#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace loopscope::probe {

using request_id = std::uint32_t;
using slot_id = std::uint32_t;

/// Decides which connection carries which request: an idle one, a new one while the bound allows, else the request
/// waits in line for the first that frees. One request at a time on each connection. Performs nothing itself.
///
/// Threads: none of its own. Bounds: `most` connections; the line is as long as the schedule.
class connection_pool {
 public:
  /// Which of the idle connections is used next: the one used last, so that few are kept busy, or all by turns.
  enum class idle_order { used_last, by_turns };

  explicit connection_pool(std::size_t most, idle_order order = idle_order::used_last) : most_(most), order_(order) {}

  enum class step { send, open, wait };
  struct decision {
    step what;
    slot_id slot = 0;  ///< for send and open
  };

  /// A request is due. After `open` the request belongs to that slot and is sent when it is connected.
  decision place(request_id request);
  /// Opens a connection ahead of need; call only below the bound.
  slot_id open_spare();
  /// The slot is connected, or the answer to its request has come: the request to send on it now, or nothing and it is
  /// idle.
  std::optional<request_id> freed(slot_id slot, bool just_connected);
  /// The slot's connection is gone, and with it request_of(slot). When somebody waits in line, the slot to open for the
  /// first of them.
  std::optional<slot_id> closed(slot_id slot);
  /// The slot's connection is gone, and another is opened in its place for the same request.
  void reopened() { ++opened_; }

  std::optional<request_id> request_of(slot_id slot) const { return slots_[slot].request; }
  std::size_t line_length() const { return line_.size(); }

  std::size_t open_now() const { return open_now_; }
  std::size_t opened() const { return opened_; }
  std::size_t peak() const { return peak_; }
  std::size_t longest_line() const { return longest_line_; }

 private:
  struct slot_state {
    std::optional<request_id> request;
  };

  slot_id open_slot(std::optional<request_id> request);
  std::optional<request_id> take_from_line();

  slot_id take_idle();

  std::size_t most_;
  idle_order order_;
  std::vector<slot_state> slots_;
  std::vector<slot_id> unused_;
  std::deque<slot_id> idle_;  ///< the one used last at the back
  std::deque<request_id> line_;
  std::size_t open_now_ = 0;
  std::size_t opened_ = 0;
  std::size_t peak_ = 0;
  std::size_t longest_line_ = 0;
};

}  // namespace loopscope::probe
