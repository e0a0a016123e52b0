#pragma once

#include <array>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <string_view>

namespace loopscope::probe {

/// Why a request got no answer.
enum class failure_cause : std::uint8_t {
  refused,           ///< nobody listens
  unreachable,       ///< no connection could be made for another reason
  closed,            ///< the server closed before the whole answer had come
  reset,             ///< the connection broke
  malformed,         ///< what came is not HTTP
  too_large,         ///< the answer's body is over the probe's limit
  header_too_large,  ///< the answer's header is
  local,             ///< this machine's own limits: file descriptors, ports, memory
  other,
};
inline constexpr std::size_t failure_cause_count = 9;

/// The name used in every output.
std::string_view name(failure_cause cause);
std::array<failure_cause, failure_cause_count> all_failure_causes();

/// The cause behind an error of the network or of Beast; `connected`: the connection had been made before.
failure_cause cause_of(const boost::system::error_code& error, bool connected);

}  // namespace loopscope::probe
