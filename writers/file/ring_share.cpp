#include "ring_share.hpp"

namespace loopscope::writers {

void ring_share::ask(user& who) noexcept {
  waiting_.push_back(&who);
  take_turns();
}

void ring_share::ended() noexcept {
  --in_flight_;
  take_turns();
}

void ring_share::take_turns() noexcept {
  while (in_flight_ < most_in_flight && !waiting_.empty()) {
    user& next = *waiting_.front();
    waiting_.pop_front();
    ++in_flight_;
    if (next.begin_write()) waiting_.push_back(&next);
  }
}

}  // namespace loopscope::writers
