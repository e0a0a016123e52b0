// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "server/config/config.hpp"

namespace loopscope::app {

/// Who listens on a port.
struct port_holder {
  uid_t user = 0;
  std::optional<pid_t> pid;  ///< nullopt if this process may not look into the other one
  std::string name;          ///< of the process; not escaped
};

/// Finds the process that listens on the address, or on one that includes it or is included (0.0.0.0).
///
/// Blocks: reads /proc/net and, for the process, the descriptors of every process that this one may look into.
/// Errors: nullopt if nobody listens, or /proc cannot be read. Source: proc_net(5), proc_pid_fd(5).
std::optional<port_holder> blocking_find_port_holder(const boost::asio::ip::tcp::endpoint& address,
                                                     const std::filesystem::path& proc = "/proc");

/// "cannot listen on 127.0.0.1:8080: Address already in use by node (process 12). Choose another ..."
///
/// `flag`: with which the address was given. Blocks: see blocking_find_port_holder().
std::string blocking_explain_listen_failure(const config::listen_address& address, std::string_view flag,
                                            const boost::system::error_code& error);

}  // namespace loopscope::app
