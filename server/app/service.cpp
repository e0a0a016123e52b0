#include "service.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "admin_plane.hpp"
#include "data_plane.hpp"
#include "descriptors.hpp"
#include "server/cli/command_line.hpp"
#include "server/log/logger.hpp"
#include "server/metrics/service_metrics.hpp"
#include "server/runs/run_service.hpp"
#include "server/support/json_text.hpp"
#include "server/support/standard_streams.hpp"
#include "shutdown.hpp"
#include "writers/file/output_directory.hpp"
#include "writers/file/part_file.hpp"

namespace loopscope::app {
namespace {

namespace asio = boost::asio;
using json = nlohmann::ordered_json;

/// For the ready line, where nobody may be reading stdout.
constexpr int stdout_patience_ms = 5000;
/// For the last lines of the log, where nobody may be reading it.
constexpr std::chrono::seconds log_patience{1};

int could_not_run(const std::string& what) {
  std::fprintf(stderr, "loopscope: %s\n", what.c_str());
  return cli::exit_could_not_run;
}

/// A core dump would hold what clients have sent. Not by PR_SET_DUMPABLE, which would also take from an ordinary user's
/// process the files in /proc that the monitor reads.
void forbid_core_dumps() {
  // Where core_pattern is a pipe, Linux heeds no limit but this one, which stops the dump; no core file is as short.
  // Fails where not even 1 is allowed.
  const rlimit one_byte{1, 1};
  ::setrlimit(RLIMIT_CORE, &one_byte);
  // Where it is a socket (Linux 6.16), no limit stops it: registers then go into the dump, but no memory. Fails without
  // /proc.
  std::ofstream{"/proc/self/coredump_filter"} << 0;
}

void warn_of_exposure(const cli::serve_config& config, logger& log) {
  if (!cli::is_loopback(config.listen))
    log.warn("the data plane is not on loopback: whoever reaches it may write to this machine's disk",
             {{"listen", config.listen.text()}});
  if (config.admin && !cli::is_loopback(*config.admin))
    log.warn("the admin plane is not on loopback: whoever reaches it may read stacks, paths and the configuration",
             {{"admin", config.admin->text()}});
}

/// Empty, or why nobody could be served.
std::string find_descriptors(const cli::serve_config& config) {
  constexpr std::size_t standard = 3;  // open since main() began
  const std::size_t least = least_descriptors(config);
  const std::size_t found = standard + count_free_descriptors(least - standard);
  if (found >= least) return {};
  return "too few file descriptors to serve: " + std::to_string(found) + ", needed: " + std::to_string(least) +
         "; raise the limit (ulimit -n, LimitNOFILE)";
}

/// Lowers the limits of connections to what the descriptors allow, so that the clients of the data plane cannot shut
/// out the admin plane.
cli::serve_config fit_connections(cli::serve_config config, std::size_t descriptors) {
  http::limits& clients = config.clients;
  const std::size_t fitting = connections_within(descriptors, config);
  if (fitting == clients.max_connections) return config;
  clients.max_connections = fitting;
  clients.max_connections_per_address =
      std::min(clients.max_connections_per_address, cli::default_connections_per_address(config));
  return config;
}

void warn_of_few_descriptors(std::size_t descriptors, std::size_t configured, std::size_t fitting, logger& log) {
  if (fitting == configured) return;
  log.warn("too few file descriptors for --max-connections, which is lowered; raise the limit (ulimit -n, LimitNOFILE)",
           {{"descriptors", descriptors}, {"configured", configured}, {"max_connections", fitting}});
}

writers::file_result<writers::prepared_directory> blocking_prepare_directory(const cli::serve_config& config) {
  std::vector<std::filesystem::path> outputs;
  for (const auto& method : writers::all_methods()) outputs.push_back(writers::output_path(config.data_dir, method));
  return writers::blocking_prepare_directory(config.data_dir, outputs);
}

void warn_of_missing_locks(const writers::prepared_directory& directory, const cli::serve_config& config, logger& log) {
  if (!directory.lock_error) return;
  log.warn("the data directory's file system has no locks: what a killed process leaves is removed at a later start",
           {{"data_dir", config.data_dir.string()},
            {"flock", directory.lock_error.message()},
            {"after_s", writers::part_file::untouched.count()}});
}

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

json text_or_null(const std::optional<admin_plane>& admin) {
  return admin ? json(text_of(admin->local_endpoint())) : json(nullptr);
}

json kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? json(name.release) : json(nullptr);
}

json describe(const cli::serve_config& config, const runs::run_service& service, const data_plane& data) {
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
      {"machine", {{"cores", std::thread::hardware_concurrency()}, {"kernel", kernel_release()}}},
      {"config", json::parse(cli::to_json_text(config))},
      {"io_uring", {{"available", service.back_ends().uring.available}, {"reason", service.back_ends().uring.reason}}},
      {"file_io", std::move(back_ends)}};
}

/// Errors: a closed stdout is none, since nobody can be waiting for the line; timed_out where a pipe stays full,
/// because signals are not heard meanwhile.
std::error_code print_ready_line(const data_plane& data, const std::optional<admin_plane>& admin,
                                 writers::back_end file_io) {
  const json ready{{"event", "ready"},
                   {"listen", text_of(data.local_endpoint())},
                   {"machine", {{"cores", std::thread::hardware_concurrency()}, {"kernel", kernel_release()}}},
                   {"admin", text_or_null(admin)},
                   {"file_io", writers::to_string(file_io)},
                   {"pid", ::getpid()}};
  const std::string line = json_text(ready) + "\n";
  pollfd to{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&to, 1, stdout_patience_ms) == 0) return std::make_error_code(std::errc::timed_out);
  std::string_view rest = line;
  const std::error_code error = blocking_write_all(STDOUT_FILENO, rest);
  return error == std::errc::bad_file_descriptor ? std::error_code{} : error;
}

}  // namespace

int serve(const cli::serve_config& configured) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a full quota is an errno of write(2), not the end of the process

  if (!configured.core_dumps) forbid_core_dumps();
  const std::size_t descriptors = raise_descriptor_limit();
  const cli::serve_config config = fit_connections(configured, descriptors);

  // What may fail, before anything runs.
  if (const std::string wrong = find_descriptors(config); !wrong.empty()) return could_not_run(wrong);
  const auto directory = blocking_prepare_directory(config);
  if (directory.has_error())
    return could_not_run("--data-dir " + config.data_dir.string() + ": " + directory.error().message());

  // The parts, each built on those above it and destroyed before them.
  logger log{config.log_level, config.format};
  writers::io_pool pool{config.pool_threads};
  system::peak_memory_meter memory;
  runs::run_registry registry{config.limits};
  runs::run_service service{registry, {config.data_dir, pool, memory}, {writers::probe_uring(), config.file_io}};
  metrics::service_metrics metrics{
      {LOOPSCOPE_VERSION, LOOPSCOPE_COMPILER}, config.io_threads, data_plane::route_names(), registry};
  registry.on_end([&metrics](const runs::finished_run& run) {
    metrics.count_write(*run.run->request.method, run.run->request.io.id, run.how, run.took);
  });
  data_plane data{config, service, metrics, log};
  metrics.watch(data.loops());
  std::atomic<bool> shutting_down{false};
  const admin::directory_watch directory_watch{[path = config.data_dir] {
    const auto error = writers::blocking_check_directory(path);
    return error ? error.message() : std::string{};
  }};
  std::optional<admin_plane> admin;
  if (const auto error = data.listen(config.listen))
    return could_not_run("cannot listen on " + config.listen.text() + ": " + error.message());
  if (config.admin) {
    admin.emplace(admin::sources{data.loops(), registry, metrics, shutting_down, config.stall_threshold,
                                 config.data_dir, describe(config, service, data), directory_watch},
                  log);
    if (const auto error = admin->listen(*config.admin, config.allowed_hosts))
      return could_not_run("cannot listen on " + config.admin->text() + " (--admin): " + error.message());
  }

  asio::io_context control{1};
  shutdown on_signal{control, data, registry, log, shutting_down, config.shutdown_grace};
  data.start();
  if (admin) admin->start();
  const auto file_io = service.back_ends().select(writers::back_end_choice::automatic);
  int exit_code = cli::exit_done;
  if (const auto error = print_ready_line(data, admin, file_io.id)) {
    exit_code = could_not_run("cannot write the ready line to stdout: " + error.message());
    control.stop();
  }
  log.info("serving", {{"listen", text_of(data.local_endpoint())},
                       {"admin", text_or_null(admin)},
                       {"data_dir", config.data_dir.string()},
                       {"file_io", writers::to_string(file_io.id)},
                       {"io_uring", service.back_ends().uring.reason}});
  warn_of_exposure(config, log);
  warn_of_missing_locks(*directory, config, log);
  warn_of_few_descriptors(descriptors, configured.clients.max_connections, config.clients.max_connections, log);
  control.run();
  admin.reset();
  data.stop();
  pool.join();
  log.info("stopped");
  // Its thread could not be joined, nor could anything that it uses be destroyed.
  if (!log.blocking_drain(log_patience)) ::_exit(exit_code);
  return exit_code;
}

}  // namespace loopscope::app
