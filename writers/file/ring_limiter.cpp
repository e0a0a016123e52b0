// SPDX-License-Identifier: MIT

#include "ring_limiter.hpp"

namespace loopscope::writers {

void ring_limiter::request(user& client) noexcept {
  waiting_.push_back(&client);
  start_waiting();
}

void ring_limiter::done() noexcept {
  --in_flight_;
  start_waiting();
}

void ring_limiter::start_waiting() noexcept {
  while (in_flight_ < max_in_flight && !waiting_.empty()) {
    user& next = *waiting_.front();
    waiting_.pop_front();
    ++in_flight_;
    if (next.begin_write()) waiting_.push_back(&next);
  }
}

}  // namespace loopscope::writers
