#include "config.hpp"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <nlohmann/json.hpp>

namespace loopscope::cli {
namespace {

double in_milliseconds(std::chrono::microseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

template <class Value>
nlohmann::ordered_json or_null(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

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
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address || digits.empty() || error != std::errc{} || end != digits.end()) return std::nullopt;
  return listen_address{std::string{host}, port};
}

std::string to_json_text(const serve_config& config) {
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
      {"max_connections", config.max_connections},
      {"header_timeout_ms", in_milliseconds(config.header_timeout)},
      {"idle_timeout_ms", in_milliseconds(config.idle_timeout)},
      {"stall_threshold_ms", in_milliseconds(config.stall_threshold)},
      {"shutdown_grace_ms", in_milliseconds(config.shutdown_grace)},
      {"allow_cross_site", config.allow_cross_site},
      {"log_level", config.log_level},
      {"log_format", config.format == log_format::json ? "json" : "text"},
      {"container",
       {{"memory_limit_bytes", or_null(config.container.memory_bytes)},
        {"cpu_quota", or_null(config.container.cpus)},
        {"derived", config.derived}}},
  };
  return json.dump(2);
}

}  // namespace loopscope::cli
