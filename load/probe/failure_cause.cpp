#include "failure_cause.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

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

}  // namespace loopscope::probe
