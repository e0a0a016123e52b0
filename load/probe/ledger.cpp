// SPDX-License-Identifier: MIT

#include "ledger.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <cassert>

namespace loopscope::probe {
namespace {

using boost::system::errc::errc_t;
namespace errc = boost::system::errc;

bool is_local(const boost::system::error_code& error) {
  for (const errc_t limit : {errc::too_many_files_open, errc::too_many_files_open_in_system, errc::no_buffer_space,
                             errc::not_enough_memory, errc::address_not_available}) {
    if (error == limit) return true;
  }
  return false;
}

/// Without a read-modify-write, since there is one writer.
void count(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

std::string_view name(failure_cause cause) {
  switch (cause) {
    case failure_cause::refused:
      return "refused";
    case failure_cause::unreachable:
      return "unreachable";
    case failure_cause::closed:
      return "closed";
    case failure_cause::reset:
      return "reset";
    case failure_cause::malformed:
      return "malformed";
    case failure_cause::too_large:
      return "too_large";
    case failure_cause::header_too_large:
      return "header_too_large";
    case failure_cause::local:
      return "local";
    case failure_cause::other:
      return "other";
  }
  return "other";
}

std::array<failure_cause, failure_cause_count> all_failure_causes() {
  using enum failure_cause;
  return {refused, unreachable, closed, reset, malformed, too_large, header_too_large, local, other};
}

failure_cause cause_of(const boost::system::error_code& error, bool connected) {
  using boost::beast::http::make_error_code;
  namespace http_error = boost::beast::http;
  if (is_local(error)) return failure_cause::local;
  if (error == errc::connection_refused) return failure_cause::refused;
  if (!connected) return failure_cause::unreachable;
  if (error == http_error::error::body_limit) return failure_cause::too_large;
  if (error == http_error::error::header_limit) return failure_cause::header_too_large;
  if (error == boost::asio::error::eof || error == http_error::error::end_of_stream ||
      error == http_error::error::partial_message) {
    return failure_cause::closed;
  }
  if (error == errc::connection_reset || error == errc::broken_pipe || error == errc::connection_aborted ||
      error == errc::timed_out) {
    return failure_cause::reset;
  }
  if (error.category() == make_error_code(http_error::error::bad_value).category()) return failure_cause::malformed;
  return failure_cause::other;
}

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

void ledger::completed(request_id id, time now, unsigned status, bool expected) {
  records_[id].status = static_cast<std::uint16_t>(status);
  records_[id].expected = expected;
  finish(records_[id], now, outcome::completed);
  count(live_.completed);
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
