// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "container_limits.hpp"
#include "server/http/limits.hpp"
#include "server/runs/admission.hpp"
#include "writers/back_end.hpp"

namespace loopscope::config {

enum class log_format { text, json };

/// Address of a listener: an IP address (localhost is 127.0.0.1) and a port; port 0 picks a free one.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;

  std::string text() const;
};

/// Parses "127.0.0.1:8080" or "[::1]:8080"; nullopt for other text.
std::optional<listen_address> parse_listen_address(std::string_view text);

/// Everything that can be configured for `loopscope serve`.
struct serve_config {
  listen_address listen{"127.0.0.1", 8080};
  std::optional<listen_address> admin = listen_address{"127.0.0.1", 8081};  ///< nullopt: off
  std::filesystem::path data_dir = "loopscope-data";                        ///< created if missing

  std::size_t io_threads = 1;
  std::size_t pool_threads = 4;
  writers::back_end_choice file_io = writers::back_end_choice::automatic;

  runs::run_limits limits;
  http::limits clients;  ///< of the data plane, each for one I/O thread
  std::chrono::microseconds stall_threshold = std::chrono::milliseconds{25};
  std::chrono::microseconds shutdown_grace = std::chrono::seconds{8};
  bool relay = false;  ///< the admin plane passes the page's requests on to the data plane
  bool allow_cross_site = false;
  std::vector<std::string> allowed_hosts;
  bool core_dumps = false;

  std::string log_level = "info";
  log_format format = log_format::text;

  container_limits container;
  std::vector<std::string> derived;  ///< flags whose default the container's limits have lowered
};

/// True when only this machine can reach the address.
bool is_loopback(const listen_address& address);

/// The default of max_connections_per_address: all connections on a loopback address, where all clients have the same
/// address, and half of them elsewhere, so that one client cannot take what others need.
std::size_t default_connections_per_address(const serve_config& config);

/// The output of --print-config: one member for each flag, and the container's limits, null where there is none.
std::string to_json_text(const serve_config& config);

}  // namespace loopscope::config
