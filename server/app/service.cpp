// SPDX-License-Identifier: MIT

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "admin_plane.hpp"
#include "commands.hpp"
#include "data_plane.hpp"
#include "description.hpp"
#include "descriptors.hpp"
#include "listen_failure.hpp"
#include "logger.hpp"
#include "server/config/budgets.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_service.hpp"
#include "server/support/json_text.hpp"
#include "server/support/standard_streams.hpp"
#include "shutdown.hpp"
#include "writers/file/output_directory.hpp"
#include "writers/file/part_file.hpp"
#include "writers/system/process.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::app {
namespace {

namespace asio = boost::asio;
using json = nlohmann::ordered_json;

/// For the ready line, if nobody reads stdout.
constexpr int stdout_timeout_ms = 5000;
/// For the last lines of the log, if nobody reads stderr.
constexpr std::chrono::seconds log_timeout{1};

/// A core dump would contain data that clients have sent. PR_SET_DUMPABLE is no alternative: it also takes the files in
/// /proc that the monitor reads from the process of an ordinary user.
void forbid_core_dumps() {
  // When core_pattern is a pipe, Linux ignores every limit but this one, and no core file is that short. Fails when not
  // even 1 byte is allowed.
  const rlimit one_byte{1, 1};
  ::setrlimit(RLIMIT_CORE, &one_byte);
  // When core_pattern is a socket (Linux 6.16), no limit prevents the dump. It then contains registers but no memory.
  // Fails without /proc.
  std::ofstream{"/proc/self/coredump_filter"} << 0;
}

void warn_of_exposure(const config::serve_config& config, logger& log) {
  if (!config::is_loopback(config.listen))
    log.warn("the data plane is not on loopback: every client that reaches it may write to this machine's disk",
             {{"listen", config.listen.text()}});
  if (config.admin) warn_of_exposed_admin(*config.admin, log);
}

/// The configuration with a lower max_connections.
config::serve_config with_connections(config::serve_config config, std::size_t max_connections) {
  http::limits& clients = config.clients;
  if (max_connections == clients.max_connections) return config;
  clients.max_connections = max_connections;
  clients.max_connections_per_address =
      std::min(clients.max_connections_per_address, config::default_connections_per_address(config));
  return config;
}

void warn_of_few_descriptors(std::size_t descriptors, std::size_t configured, std::size_t fitting, logger& log) {
  if (fitting == configured) return;
  log.warn("too few file descriptors for --max-connections, which is lowered; raise the limit (ulimit -n, LimitNOFILE)",
           {{"descriptors", descriptors}, {"configured", configured}, {"max_connections", fitting}});
}

writers::file_result<writers::prepared_directory> blocking_prepare_directory(const config::serve_config& config) {
  std::vector<std::filesystem::path> outputs;
  for (const auto& method : writers::all_methods()) outputs.push_back(writers::output_path(config.data_dir, method));
  return writers::blocking_prepare_directory(config.data_dir, outputs);
}

void warn_of_missing_locks(const writers::prepared_directory& directory, const config::serve_config& config,
                           logger& log) {
  if (!directory.lock_error) return;
  log.warn(
      "the data directory's file system has no locks: partial files of a killed process are removed at a later start",
      {{"data_dir", config.data_dir.string()},
       {"flock", directory.lock_error.message()},
       {"after_s", writers::part_file::untouched.count()}});
}

json text_or_null(const std::optional<admin_plane>& admin) {
  return admin ? json(text_of(admin->local_endpoint())) : json(nullptr);
}

json describe(const config::serve_config& config, const runs::run_service& service, const data_plane& data) {
  json back_ends = json::object();
  for (const auto& method : writers::all_methods()) {
    if (method.back_ends != writers::back_end_use::any) continue;
    const auto selected = service.back_ends().select(writers::back_end_choice::automatic);
    back_ends[std::string{method.name}] = {{"io", writers::to_string(selected.id)}, {"reason", selected.reason}};
  }
  return {
      {"version", LOOPSCOPE_VERSION},
      {"pid", ::getpid()},
      {"listen", text_of(data.local_endpoint())},
      {"machine", describe_machine()},
      {"config", json::parse(config::to_json_text(config))},
      {"io_uring", {{"available", service.back_ends().uring.available}, {"reason", service.back_ends().uring.reason}}},
      {"file_io", std::move(back_ends)}};
}

/// Errors: timed_out if a pipe stays full, since signals are not handled while waiting. A closed stdout is no error,
/// since nobody can be waiting for the line.
std::error_code print_ready_line(const data_plane& data, const std::optional<admin_plane>& admin,
                                 writers::back_end file_io) {
  const json ready{{"event", "ready"},
                   {"listen", text_of(data.local_endpoint())},
                   {"machine", describe_machine()},
                   {"admin", text_or_null(admin)},
                   {"file_io", writers::to_string(file_io)},
                   {"pid", ::getpid()}};
  const std::string line = json_text(ready) + "\n";
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&output, 1, stdout_timeout_ms) == 0) return std::make_error_code(std::errc::timed_out);
  std::string_view rest = line;
  const std::error_code error = blocking_write_all(STDOUT_FILENO, rest);
  return error == std::errc::bad_file_descriptor ? std::error_code{} : error;
}

}  // namespace

int run(const config::serve_command& command) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // an exceeded quota is then an error of write(2)

  if (!command.config.core_dumps) forbid_core_dumps();
  const std::size_t descriptors = system::max_descriptors().value_or(std::numeric_limits<std::size_t>::max());
  const connection_limits connections = fit_connections(descriptors, command.config);
  const config::serve_config config = with_connections(command.config, connections.data);

  // The steps that may fail come before anything runs.
  const std::string missing = missing_descriptors(min_descriptors(config), "to serve");
  if (!missing.empty()) return fail(program, missing);
  const auto directory = blocking_prepare_directory(config);
  if (directory.has_error())
    return fail(program, "--data-dir " + config.data_dir.string() + ": " + directory.error().message());

  // Each part uses those above it and is destroyed before them.
  logger log{config.log_level, config.format};
  writers::io_pool pool{config.pool_threads, config::cpus_within(config.container, system::allowed_cpus()),
                        writers::io_pool::time_slice::shortest};  // as its loops
  system::peak_memory_meter memory;
  runs::run_registry registry{config.limits};
  runs::run_service service{registry, {config.data_dir, pool, memory}, {writers::probe_uring(), config.file_io}};
  metrics::service_metrics metrics{registry};
  registry.on_end([&metrics](const runs::finished_run& run) {
    metrics.count_write(*run.run->request.method, run.run->request.io.id, run.how, run.took);
  });
  data_plane data{config, service, metrics, log};
  std::atomic<bool> shutting_down{false};
  const admin::directory_watch directory_watch{[path = config.data_dir] {
    const auto error = writers::blocking_check_directory(path);
    return error ? error.message() : std::string{};
  }};
  std::optional<admin_plane> admin;
  if (const auto error = data.listen(config.listen))
    return fail(program, blocking_explain_listen_failure(config.listen, "--listen", error));
  if (config.admin) {
    const auto relay_to = config.relay ? std::optional{data.local_endpoint()} : std::nullopt;
    admin.emplace(admin::sources{.loops = [loops = data.loops()] { return loops; },
                                 .data = {{registry, metrics, config.data_dir, directory_watch, relay_to,
                                           config.allow_cross_site}},
                                 .shutting_down = shutting_down,
                                 .stall_threshold = config.stall_threshold,
                                 .exporter = make_exporter(),
                                 .info = describe(config, service, data)},
                  connections.admin, log);
    if (const auto error = admin->listen(*config.admin, config.allowed_hosts))
      return fail(program, blocking_explain_listen_failure(*config.admin, "--admin", error));
  }

  asio::io_context control{1};
  shutdown on_signal{control, data, registry, log, shutting_down, config.shutdown_grace};
  data.start();
  if (admin) admin->start();
  const auto file_io = service.back_ends().select(writers::back_end_choice::automatic);
  int exit_code = exit_done;
  if (const auto error = print_ready_line(data, admin, file_io.id)) {
    exit_code = fail(program, "cannot write the ready line to stdout: " + error.message());
    control.stop();
  }
  log.info("serving", {{"listen", text_of(data.local_endpoint())},
                       {"admin", text_or_null(admin)},
                       {"data_dir", config.data_dir.string()},
                       {"file_io", writers::to_string(file_io.id)},
                       {"io_uring", service.back_ends().uring.reason}});
  warn_of_exposure(config, log);
  warn_of_missing_locks(*directory, config, log);
  warn_of_few_descriptors(descriptors, command.config.clients.max_connections, config.clients.max_connections, log);
  control.run();
  admin.reset();
  data.stop();
  pool.join();
  log.info("stopped");
  // Otherwise the log's thread cannot be joined, and the objects that it uses cannot be destroyed.
  if (!log.blocking_drain(log_timeout)) ::_exit(exit_code);
  return exit_code;
}

}  // namespace loopscope::app
