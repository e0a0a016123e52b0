#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "container_limits.hpp"
#include "server/http/limits.hpp"
#include "server/log/logger.hpp"
#include "server/runs/admission.hpp"
#include "writers/back_end.hpp"

namespace loopscope::cli {

/// Where a listener binds: an IP address (localhost is 127.0.0.1); port 0 picks a free one.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;

  std::string text() const;
};

/// "127.0.0.1:8080" or "[::1]:8080"; nothing when it is neither.
std::optional<listen_address> parse_listen_address(std::string_view text);

/// Everything that `loopscope serve` can be told.
struct serve_config {
  listen_address listen{"127.0.0.1", 8080};
  std::optional<listen_address> admin = listen_address{"127.0.0.1", 8081};  ///< nothing: off
  std::filesystem::path data_dir = "loopscope-data";                        ///< created where only itself is missing

  std::size_t io_threads = 1;
  std::size_t pool_threads = 4;
  writers::back_end_choice file_io = writers::back_end_choice::automatic;

  runs::run_limits limits;
  http::limits clients;  ///< of the data plane, each for one I/O thread
  std::chrono::microseconds stall_threshold = std::chrono::milliseconds{25};
  std::chrono::microseconds shutdown_grace = std::chrono::seconds{8};
  bool allow_cross_site = false;
  std::vector<std::string> allowed_hosts;
  bool core_dumps = false;

  std::string log_level = "info";
  log_format format = log_format::text;

  container_limits container;
  std::vector<std::string> derived;  ///< flags that were not given and that the container's limits have lowered
};

/// Only this machine can reach it.
bool is_loopback(const listen_address& address);

/// The default of max_connections_per_address: all connections on a loopback address, where all clients have the same
/// address, and half of them elsewhere, so that one client cannot take what others need.
std::size_t default_connections_per_address(const serve_config& config);

/// A member a flag, as --print-config shows it, and the container's limits: null where it has none.
std::string to_json_text(const serve_config& config);

}  // namespace loopscope::cli
