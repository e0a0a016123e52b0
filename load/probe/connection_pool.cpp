// SPDX-License-Identifier: MIT

#include "connection_pool.hpp"

#include <algorithm>

namespace loopscope::probe {

connection_pool::decision connection_pool::place(request_id request) {
  if (!idle_.empty()) {
    const slot_id slot = take_idle();
    slots_[slot].request = request;
    return {step::send, slot};
  }
  if (open_now_ < max_) return {step::open, open_slot(request)};
  queue_.push_back(request);
  max_queue_ = std::max(max_queue_, queue_.size());
  return {step::wait};
}

slot_id connection_pool::open_spare() {
  return open_slot(std::nullopt);
}

std::optional<request_id> connection_pool::freed(slot_id slot, bool just_connected) {
  if (just_connected && slots_[slot].request) return slots_[slot].request;
  slots_[slot].request = take_from_queue();
  if (!slots_[slot].request) idle_.push_back(slot);
  return slots_[slot].request;
}

std::optional<slot_id> connection_pool::closed(slot_id slot) {
  std::erase(idle_, slot);
  slots_[slot].request.reset();
  unused_.push_back(slot);
  --open_now_;
  if (const auto first = take_from_queue()) return open_slot(first);
  return std::nullopt;
}

slot_id connection_pool::take_idle() {
  slot_id slot = 0;
  switch (order_) {
    case idle_order::used_last:
      slot = idle_.back();
      idle_.pop_back();
      break;
    case idle_order::in_turn:
      slot = idle_.front();
      idle_.pop_front();
      break;
  }
  return slot;
}

slot_id connection_pool::open_slot(std::optional<request_id> request) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<slot_id>(slots_.size()));
    slots_.emplace_back();
  }
  const slot_id slot = unused_.back();
  unused_.pop_back();
  slots_[slot].request = request;
  ++opened_;
  peak_ = std::max(peak_, ++open_now_);
  return slot;
}

std::optional<request_id> connection_pool::take_from_queue() {
  if (queue_.empty()) return std::nullopt;
  const request_id first = queue_.front();
  queue_.pop_front();
  return first;
}

}  // namespace loopscope::probe
