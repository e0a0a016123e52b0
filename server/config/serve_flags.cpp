// SPDX-License-Identifier: MIT

#include "flags.hpp"
#include "help_text.hpp"
#include "server/http/parse/target.hpp"
#include "server/support/duration.hpp"

namespace loopscope::config {
namespace {

using std::chrono::microseconds;

constexpr microseconds second = std::chrono::seconds{1};
constexpr microseconds millisecond = std::chrono::milliseconds{1};

constexpr std::size_t max_connections = 1'000'000;
// A connection's input buffer grows with the header, so a client must not be allowed much of it.
constexpr std::uint64_t max_header_bytes = 1ULL << 20;
constexpr std::uint64_t min_header_bytes = 256;
constexpr std::uint64_t max_body_bytes = 1ULL << 30;

void declare_main(CLI::App& app, serve_config& config) {
  const auto read_listen = [&config](const std::string& text) {
    const auto address = parse_listen_address(text);
    if (address) config.listen = *address;
    return address.has_value();
  };
  parsed_flag(app, "listen", read_listen, "HOST:PORT, such as 127.0.0.1:8080 or [::1]:0",
              "Address of the data plane; port 0 picks a free port", config.listen.text())
      ->type_name("ADDRESS");
  admin_flag(app, config.admin, "Address of the admin plane; it has the page and /metrics; off: none");
  const auto read_directory = [&config](const std::string& text) {
    config.data_dir = text;
    return !text.empty();
  };
  parsed_flag(app, "data-dir", read_directory, "a directory", "Directory for the written files; created if missing",
              config.data_dir.string())
      ->type_name("DIRECTORY");
  count_flag(app, "io-threads", config.io_threads, std::size_t{256}, "I/O threads, each with its own event loop");
  duration_flag(app, "stall-threshold", config.stall_threshold, millisecond,
                "A loop that is blocked for longer has a stall");
}

void declare_writes(CLI::App& app, serve_config& config) {
  pool_threads_flag(app, config.pool_threads);
  file_io_flag(app, "file-io", config.file_io, "Back end that io=auto selects");
  count_flag(app, "max-count", config.limits.max_count, max_records, "Maximum records of one write");
  count_flag(app, "max-writes", config.limits.max_writes, std::size_t{100'000}, "Maximum writes at the same time");
  bytes_flag(app, "max-pending-bytes", config.limits.max_pending_bytes,
             "Maximum memory for records that wait to be written");
  bytes_flag(app, "max-output-bytes", config.limits.max_output_bytes, "Maximum disk space for unfinished files");
  const auto read_shed_lag = [&config](const std::string& text) {
    config.limits.shed_lag.reset();
    if (text == "off") return true;
    config.limits.shed_lag = parse_duration(text, millisecond);
    return config.limits.shed_lag && *config.limits.shed_lag > microseconds{0};
  };
  parsed_flag(
      app, "shed-lag", read_shed_lag, "a duration above 0, such as 50ms, or off",
      "New writes get 503 while the recent lag of their loop is above this (a number without a unit: milliseconds)",
      "off")
      ->type_name("TIME");
  duration_flag(app, "shutdown-grace", config.shutdown_grace, second,
                "How long running requests may take after SIGTERM");
}

void declare_client_limits(CLI::App& app, http::limits& clients) {
  count_flag(app, "max-connections", clients.max_connections, max_connections, "Maximum connections of one I/O thread");
  count_flag(app, "max-connections-per-address", clients.max_connections_per_address, max_connections,
             "Maximum connections of one client address (an IPv6 /64) on one I/O thread")
      ->default_str("all on a loopback address, otherwise half");
  count_flag(app, "max-requests-per-connection", clients.max_requests_per_connection, std::size_t{1'000'000'000},
             "A connection is closed after this many requests");
  count_flag(app, "max-pipelined", clients.max_pipelined, std::size_t{1'000'000},
             "Pipelined requests of one connection that are handled before other connections get their turn");
  bytes_flag(app, "max-backlog-bytes", clients.max_backlog_bytes,
             "Unread response bytes of a connection at which its next requests have to wait");
  bytes_flag(app, "max-connection-bytes", clients.max_connection_bytes,
             "Maximum memory for read requests and unsent responses of all connections of one I/O thread");
  bytes_flag(app, "max-target-bytes", clients.max_target_bytes, 1, max_header_bytes,
             "Maximum length of a request target");
  bytes_flag(app, "max-header-bytes", clients.max_header_bytes, min_header_bytes, max_header_bytes,
             "Maximum length of a header, including the request line");
  count_flag(app, "max-header-fields", clients.max_header_fields, std::size_t{10'000},
             "Maximum number of header fields");
  bytes_flag(app, "max-body-bytes", clients.max_body_bytes, 0, max_body_bytes, "Maximum length of a request body");
  duration_flag(app, "header-timeout", clients.header_timeout, second, "Total time for a request's header to arrive");
  duration_flag(app, "body-timeout", clients.body_timeout, second, "Total time for a request's body to arrive");
  duration_flag(app, "idle-timeout", clients.idle_timeout, second, "Maximum time between two requests of a connection");
  duration_flag(app, "write-timeout", clients.write_timeout, second,
                "Time for a client to receive the next part of its response");
  duration_flag(app, "linger-timeout", clients.linger_timeout, second,
                "Time for a client to close its connection after the last response");
}

void declare_access(CLI::App& app, serve_config& config) {
  const auto is_name = [](const std::string& name) {
    const bool valid = http::valid_host(name) && http::host_name(name) == name;
    return valid ? std::string{} : "'" + name + "' is not a host name without a port";
  };
  app.add_option("--allowed-host", config.allowed_hosts, "Another name that is allowed in the Host header (repeatable)")
      ->envname(environment_name("allowed-host"))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->check(is_name);
  switch_flag(
      app, "relay", config.relay,
      "The admin plane passes on what the page asks of the data plane; for a browser that reaches one port only");
  switch_flag(app, "allow-cross-site", config.allow_cross_site, "Allow pages of other sites to start writes");
  switch_flag(app, "core-dumps", config.core_dumps, "Allow core dumps, which may contain data that clients sent");
}

void declare_log(CLI::App& app, serve_config& config) {
  flag(app, "log-level", config.log_level, "Lowest severity that is logged")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  const auto read_format = [&config](const std::string& text) {
    config.format = text == "json" ? log_format::json : log_format::text;
    return text == "json" || text == "text";
  };
  parsed_flag(app, "log-format", read_format, "text or json", "Format of the log on stderr: text or json", "text")
      ->type_name("FORMAT");
}

}  // namespace

void declare_serve(CLI::App& app, serve_config& config, bool& print_config) {
  app.option_defaults()->group(main_group);
  declare_main(app, config);
  app.option_defaults()->group(write_limits_group);
  declare_writes(app, config);
  app.option_defaults()->group(client_limits_group);
  declare_client_limits(app, config.clients);
  app.option_defaults()->group(access_group);
  declare_access(app, config);
  app.option_defaults()->group(log_group);
  declare_log(app, config);
  switch_flag(app, "print-config", print_config, "Print the effective configuration as JSON and exit");
}

}  // namespace loopscope::config
