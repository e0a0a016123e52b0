#include "ledger.hpp"

#include <cassert>

namespace loopscope::probe {
namespace {

// One writer: no read-modify-write is needed.
void count(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

request_id ledger::take(time scheduled, time now) {
  records_.push_back({scheduled, now});
  ++unfinished_;
  count(live_.taken);
  return static_cast<request_id>(records_.size() - 1);
}

void ledger::skip(time scheduled, time now) {
  records_.push_back({scheduled, now});
  records_.back().ended = outcome::skipped;
}

void ledger::sent(request_id id, time now) {
  records_[id].sent = now;
  count(live_.sent);
}

void ledger::answered(request_id id, time now, unsigned status, bool expected) {
  records_[id].status = static_cast<std::uint16_t>(status);
  records_[id].expected = expected;
  finish(records_[id], now, outcome::answered);
  count(live_.answered);
  if (!expected) count(live_.unexpected);
}

void ledger::failed(request_id id, time now, failure_cause cause) {
  records_[id].cause = cause;
  finish(records_[id], now, outcome::failed);
  count(live_.failed);
}

void ledger::finish(request_record& record, time now, outcome how) {
  assert(record.ended == outcome::waiting);
  record.done = now;
  record.ended = how;
  --unfinished_;
}

}  // namespace loopscope::probe
