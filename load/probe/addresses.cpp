// SPDX-License-Identifier: MIT

#include "addresses.hpp"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstring>
#include <sstream>

namespace loopscope::probe {
namespace {

using unix_endpoint = asio::local::stream_protocol::endpoint;

constexpr std::chrono::seconds max_trial{5};

/// Converts to the endpoint type that the address was made from, so the sizes fit.
template <class Endpoint>
Endpoint as(const endpoint& address) {
  Endpoint own;
  std::memcpy(own.data(), address.data(), address.size());
  own.resize(address.size());
  return own;
}

std::size_t blocking_first_that_connects(const std::vector<endpoint>& all) {
  asio::io_context loop{1};
  asio::generic::stream_protocol::socket socket(loop);
  std::size_t chosen = 0;
  asio::async_connect(socket, all, [&](error_code failed, const endpoint& connected) {
    if (failed) return;
    chosen = static_cast<std::size_t>(std::find(all.begin(), all.end(), connected) - all.begin());
  });
  loop.run_for(max_trial);
  return chosen;
}

}  // namespace

boost::system::result<target_addresses> blocking_find_addresses(const http_url& target,
                                                                const std::optional<std::string>& unix_socket) {
  if (unix_socket) return target_addresses{{endpoint(unix_endpoint(*unix_socket))}, 0};
  asio::io_context loop{1};
  error_code error;
  const auto entries = tcp::resolver(loop).resolve(target.host, target.port, error);
  if (error) return error;
  target_addresses found;
  for (const auto& entry : entries) {
    const endpoint address(entry.endpoint());
    if (std::find(found.all.begin(), found.all.end(), address) == found.all.end()) found.all.push_back(address);
  }
  if (found.all.size() > 1) found.chosen = blocking_first_that_connects(found.all);
  return found;
}

std::string address_text(const endpoint& address) {
  if (address.protocol().family() == AF_UNIX) return "unix:" + as<unix_endpoint>(address).path();
  std::ostringstream text;
  text << as<tcp::endpoint>(address);
  return text.str();
}

}  // namespace loopscope::probe
