#include "accept_policy.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>

namespace loopscope::http {
namespace {

std::size_t refusals(std::size_t max_connections) {
  return std::max<std::size_t>(8, max_connections / 16);
}

}  // namespace

admission admit(std::size_t open, std::size_t max_connections) {
  if (open < max_connections) return admission::serve;
  return open - max_connections < refusals(max_connections) ? admission::refuse : admission::pause;
}

address_admission admit_from(std::size_t open_from_there, std::size_t max_connections_per_address) {
  if (open_from_there < max_connections_per_address) return address_admission::serve;
  const auto beyond = open_from_there - max_connections_per_address;
  return beyond < refusals(max_connections_per_address) ? address_admission::refuse : address_admission::drop;
}

accept_recovery recover_from(const error_code& accept_error) {
  // accept(2): errors that are pending on the new socket are reported by accept.
  switch (accept_error.value()) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EPERM:
      return accept_recovery::retry;
    default:
      return accept_recovery::back_off;
  }
}

std::chrono::milliseconds accept_backoff::next() noexcept {
  using namespace std::chrono_literals;
  constexpr int doublings = 7;
  const auto pause = 10ms * (1 << std::min(failures_, doublings));
  ++failures_;
  return std::min<std::chrono::milliseconds>(pause, 1000ms);
}

}  // namespace loopscope::http
