// SPDX-License-Identifier: MIT

#include "config.hpp"

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include "server/support/json_text.hpp"
#include "server/support/json_values.hpp"
#include "writers/system/number.hpp"

namespace loopscope::config {

std::string listen_address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<listen_address> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto port = system::parse_number<std::uint16_t>(text.substr(colon + 1));
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address || !port) return std::nullopt;
  return listen_address{std::string{host}, *port};
}

bool is_loopback(const listen_address& address) {
  return boost::asio::ip::make_address(address.host).is_loopback();
}

std::size_t default_connections_per_address(const serve_config& config) {
  const std::size_t all = config.clients.max_connections;
  return is_loopback(config.listen) ? all : (all + 1) / 2;
}

std::string to_json_text(const serve_config& config) {
  const http::limits& clients = config.clients;
  const nlohmann::ordered_json json{
      {"listen", config.listen.text()},
      {"admin", config.admin ? config.admin->text() : "off"},
      {"data_dir", config.data_dir.string()},
      {"io_threads", config.io_threads},
      {"pool_threads", config.pool_threads},
      {"file_io", writers::to_string(config.file_io)},
      {"max_count", config.limits.max_count},
      {"max_writes", config.limits.max_writes},
      {"max_pending_bytes", config.limits.max_pending_bytes},
      {"max_output_bytes", config.limits.max_output_bytes},
      {"shed_lag_ms", config.limits.shed_lag ? milliseconds(config.limits.shed_lag) : nlohmann::ordered_json("off")},
      {"max_connections", clients.max_connections},
      {"max_connections_per_address", clients.max_connections_per_address},
      {"max_requests_per_connection", clients.max_requests_per_connection},
      {"max_pipelined", clients.max_pipelined},
      {"max_backlog_bytes", clients.max_backlog_bytes},
      {"max_connection_bytes", clients.max_connection_bytes},
      {"max_target_bytes", clients.max_target_bytes},
      {"max_header_bytes", clients.max_header_bytes},
      {"max_header_fields", clients.max_header_fields},
      {"max_body_bytes", clients.max_body_bytes},
      {"header_timeout_ms", milliseconds(clients.header_timeout)},
      {"body_timeout_ms", milliseconds(clients.body_timeout)},
      {"idle_timeout_ms", milliseconds(clients.idle_timeout)},
      {"write_timeout_ms", milliseconds(clients.write_timeout)},
      {"linger_timeout_ms", milliseconds(clients.linger_timeout)},
      {"relay", config.relay},
      {"stall_threshold_ms", milliseconds(config.stall_threshold)},
      {"shutdown_grace_ms", milliseconds(config.shutdown_grace)},
      {"allowed_hosts", config.allowed_hosts},
      {"allow_cross_site", config.allow_cross_site},
      {"core_dumps", config.core_dumps},
      {"log_level", config.log_level},
      {"log_format", config.format == log_format::json ? "json" : "text"},
      {"container",
       {{"memory_limit_bytes", or_null(config.container.memory_bytes)},
        {"cpu_quota", or_null(config.container.cpus)},
        {"derived", config.derived}}},
  };
  return json_text(json, 2);
}

}  // namespace loopscope::config
