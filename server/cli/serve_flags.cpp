#include "serve_flags.hpp"

#include "duration.hpp"
#include "flags.hpp"
#include "server/http/parse/target.hpp"

namespace loopscope::cli {
namespace {

using std::chrono::microseconds;

constexpr microseconds second = std::chrono::seconds{1};
constexpr microseconds millisecond = std::chrono::milliseconds{1};

constexpr std::size_t most_connections = 1'000'000;
// A connection's input buffer grows with its header: a client may not be given much of the memory.
constexpr std::uint64_t most_header_bytes = 1ULL << 20;
constexpr std::uint64_t least_header_bytes = 256;
constexpr std::uint64_t most_body_bytes = 1ULL << 30;

void declare_addresses(CLI::App& app, serve_config& config) {
  const auto read_listen = [&config](const std::string& text) {
    const auto address = parse_listen_address(text);
    if (address) config.listen = *address;
    return address.has_value();
  };
  parsed_flag(app, "listen", read_listen, "HOST:PORT, such as 127.0.0.1:8080 or [::1]:0",
              "Data plane's address; port 0 picks a free one", config.listen.text());
  const auto read_admin = [&config](const std::string& text) {
    if (text == "off") {
      config.admin.reset();
      return true;
    }
    const auto address = parse_listen_address(text);
    if (address) config.admin = *address;
    return address.has_value();
  };
  parsed_flag(app, "admin", read_admin, "HOST:PORT or off", "Admin plane's address, or off", config.admin->text());
}

void declare_work(CLI::App& app, serve_config& config) {
  const auto read_directory = [&config](const std::string& text) {
    config.data_dir = text;
    return !text.empty();
  };
  parsed_flag(app, "data-dir", read_directory, "a directory",
              "Where files are written; created where its parent exists", config.data_dir.string());
  count_flag(app, "io-threads", config.io_threads, std::size_t{256}, "I/O threads, each with its own loop");
  pool_threads_flag(app, config.pool_threads);
  file_io_flag(app, "file-io", config.file_io, "Back end for io=auto");
  count_flag(app, "max-count", config.limits.max_count, most_records, "Most records of one write");
  count_flag(app, "max-writes", config.limits.max_writes, std::size_t{100'000}, "Most writes at a time");
  bytes_flag(app, "max-pending-bytes", config.limits.max_pending_bytes, "Most memory for records that wait");
  bytes_flag(app, "max-output-bytes", config.limits.max_output_bytes, "Most disk space for files under way");
  const auto read_shed_lag = [&config](const std::string& text) {
    config.limits.shed_lag.reset();
    if (text == "off") return true;
    config.limits.shed_lag = parse_duration(text, millisecond);
    return config.limits.shed_lag && *config.limits.shed_lag > microseconds{0};
  };
  parsed_flag(app, "shed-lag", read_shed_lag, "a duration above 0, such as 50ms, or off",
              "Above this recent lag of a loop its new writes get 503 (a bare number: milliseconds)", "off");
  duration_flag(app, "stall-threshold", config.stall_threshold, millisecond, "From when a blocked loop is a stall");
  duration_flag(app, "shutdown-grace", config.shutdown_grace, second, "For work under way after SIGTERM");
}

void declare_client_limits(CLI::App& app, http::limits& clients) {
  count_flag(app, "max-connections", clients.max_connections, most_connections, "Most connections of one I/O thread");
  count_flag(app, "max-connections-per-address", clients.max_connections_per_address, most_connections,
             "The same for one client address (an IPv6 /64)")
      ->default_str("all on a loopback address, else half");
  count_flag(app, "max-requests-per-connection", clients.max_requests_per_connection, std::size_t{1'000'000'000},
             "A connection ends after so many");
  count_flag(app, "max-pipelined", clients.max_pipelined, std::size_t{1'000'000},
             "Pipelined requests that are answered before other connections have their turn");
  bytes_flag(app, "max-backlog-bytes", clients.max_backlog_bytes,
             "Answers that a connection does not read, before no more of its requests are served");
  bytes_flag(app, "max-connection-bytes", clients.max_connection_bytes,
             "Most memory for requests read and answers unsent of all connections of one I/O thread");
  bytes_flag(app, "max-target-bytes", clients.max_target_bytes, 1, most_header_bytes, "Longest request target");
  bytes_flag(app, "max-header-bytes", clients.max_header_bytes, least_header_bytes, most_header_bytes,
             "Longest header, its request line included");
  count_flag(app, "max-header-fields", clients.max_header_fields, std::size_t{10'000}, "Most fields of a header");
  bytes_flag(app, "max-body-bytes", clients.max_body_bytes, 0, most_body_bytes, "Longest request body");
  duration_flag(app, "header-timeout", clients.header_timeout, second, "For a request's header to arrive, in all");
  duration_flag(app, "body-timeout", clients.body_timeout, second, "For a request's body to arrive, in all");
  duration_flag(app, "idle-timeout", clients.idle_timeout, second, "Between two requests of a connection");
  duration_flag(app, "write-timeout", clients.write_timeout, second,
                "For a client to take the next part of its answer");
  duration_flag(app, "linger-timeout", clients.linger_timeout, second, "For a client to close after its last answer");
}

void declare_safety(CLI::App& app, serve_config& config) {
  const auto is_name = [](const std::string& name) {
    const bool valid = http::valid_host(name) && http::host_name(name) == name;
    return valid ? std::string{} : "'" + name + "' is not a host name without a port";
  };
  app.add_option("--allowed-host", config.allowed_hosts, "One more name that the Host header may hold (repeatable)")
      ->envname(environment_name("allowed-host"))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("")
      ->check(is_name);
  switch_flag(app, "allow-cross-site", config.allow_cross_site, "Let pages of other sites start writes");
  switch_flag(app, "core-dumps", config.core_dumps, "Leave core dumps on: they may hold what clients sent");
}

void declare_log(CLI::App& app, serve_config& config) {
  flag(app, "log-level", config.log_level, "Least severe message that is logged")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  const auto read_format = [&config](const std::string& text) {
    config.format = text == "json" ? log_format::json : log_format::text;
    return text == "json" || text == "text";
  };
  parsed_flag(app, "log-format", read_format, "text or json", "text or json, on stderr", "text");
}

}  // namespace

void declare_serve(CLI::App& app, serve_config& config, bool& print_config) {
  declare_addresses(app, config);
  declare_work(app, config);
  declare_client_limits(app, config.clients);
  declare_safety(app, config);
  declare_log(app, config);
  switch_flag(app, "print-config", print_config, "Print the effective configuration as JSON and leave");
}

}  // namespace loopscope::cli
