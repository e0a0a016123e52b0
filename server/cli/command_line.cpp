#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "budgets.hpp"
#include "duration.hpp"

#ifndef LOOPSCOPE_VERSION
#error "LOOPSCOPE_VERSION comes from CMakeLists.txt"
#endif

namespace loopscope::cli {
namespace {

using std::chrono::microseconds;

constexpr std::size_t most_io_threads = 256;
constexpr std::size_t most_pool_threads = 1024;
constexpr std::uint64_t most_records = 10'000'000'000;

std::string environment_name(std::string flag) {
  std::ranges::transform(flag, flag.begin(),
                         [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return "LOOPSCOPE_" + flag;
}

/// Declares --NAME and its environment variable.
template <class Value>
CLI::Option* flag(CLI::App& app, const std::string& name, Value& value, const std::string& help) {
  return app.add_option("--" + name, value, help)->envname(environment_name(name))->capture_default_str();
}

/// A flag whose value is read by `parse`, which answers nothing for text that it does not take.
template <class Parse>
CLI::Option* parsed_flag(CLI::App& app, const std::string& name, Parse parse, const std::string& allowed,
                         const std::string& help, const std::string& shown_default) {
  const auto read = [parse, name, allowed](const std::string& text) {
    if (!parse(text)) throw CLI::ValidationError("--" + name, "'" + text + "' is not " + allowed);
  };
  return app.add_option_function<std::string>("--" + name, read, help)
      ->envname(environment_name(name))
      ->default_str(shown_default)
      ->type_name("");
}

CLI::Option* duration_flag(CLI::App& app, const std::string& name, microseconds& value, microseconds bare_unit,
                           const std::string& help) {
  const bool seconds = bare_unit == std::chrono::seconds{1};
  const auto read = [&value, bare_unit](const std::string& text) {
    const auto parsed = parse_duration(text, bare_unit);
    if (!parsed || *parsed == microseconds{0}) return false;
    value = *parsed;
    return true;
  };
  const std::string shown = std::to_string(value / bare_unit) + (seconds ? "s" : "ms");
  return parsed_flag(app, name, read, "a duration above 0, such as 250ms or 10s",
                     help + std::string{" (a bare number: "} + (seconds ? "seconds)" : "milliseconds)"), shown);
}

CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& help) {
  return flag(app, name, value, help + ", such as 256MiB")->transform(CLI::AsSizeValue(false));
}

CLI::Option* file_io_flag(CLI::App& app, const std::string& name, writers::back_end_choice& value,
                          const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto choice = writers::find_back_end_choice(text);
    if (choice) value = *choice;
    return choice.has_value();
  };
  return parsed_flag(app, name, read, "one of auto, threads, uring", help + ": auto, threads or uring", "auto");
}

CLI::Option* address_flag(CLI::App& app, const std::string& name, listen_address& value, const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto address = parse_listen_address(text);
    if (address) value = *address;
    return address.has_value();
  };
  return parsed_flag(app, name, read, "HOST:PORT, such as 127.0.0.1:8080 or [::1]:0", help, value.text());
}

void declare_serve(CLI::App& app, serve_config& config, bool& print_config) {
  address_flag(app, "listen", config.listen, "Data plane's address; port 0 picks a free one");
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
  const auto read_directory = [&config](const std::string& text) {
    config.data_dir = text;
    config.create_data_dir = false;
    return !text.empty();
  };
  parsed_flag(app, "data-dir", read_directory, "a directory",
              "Where files are written; it must exist, but for the default", config.data_dir.string());
  flag(app, "io-threads", config.io_threads, "I/O threads, each with its own loop")
      ->check(CLI::Range(std::size_t{1}, most_io_threads));
  flag(app, "pool-threads", config.pool_threads, "Threads that carry out blocking calls")
      ->check(CLI::Range(std::size_t{1}, most_pool_threads));
  file_io_flag(app, "file-io", config.file_io, "Back end for io=auto");
  flag(app, "max-count", config.limits.max_count, "Most records of one write")
      ->check(CLI::Range(std::uint64_t{1}, most_records));
  flag(app, "max-writes", config.limits.max_writes, "Most writes at a time")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}));
  bytes_flag(app, "max-pending-bytes", config.limits.max_pending_bytes, "Most memory for records that wait");
  bytes_flag(app, "max-output-bytes", config.limits.max_output_bytes, "Most disk space for files under way");
  flag(app, "max-connections", config.max_connections, "Most connections of one I/O thread")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  constexpr microseconds second = std::chrono::seconds{1};
  constexpr microseconds millisecond = std::chrono::milliseconds{1};
  duration_flag(app, "header-timeout", config.header_timeout, second, "For a request's header to arrive");
  duration_flag(app, "idle-timeout", config.idle_timeout, second, "Between two requests of a connection");
  duration_flag(app, "stall-threshold", config.stall_threshold, millisecond, "From when a blocked loop is a stall");
  duration_flag(app, "shutdown-grace", config.shutdown_grace, second, "For work under way after SIGTERM");
  app.add_flag("--allow-cross-site", config.allow_cross_site, "Let pages of other sites start writes")
      ->envname(environment_name("allow-cross-site"));
  flag(app, "log-level", config.log_level, "Least severe message that is logged")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
  const auto read_format = [&config](const std::string& text) {
    config.format = text == "json" ? log_format::json : log_format::text;
    return text == "json" || text == "text";
  };
  parsed_flag(app, "log-format", read_format, "text or json", "text or json, on stderr", "text");
  app.add_flag("--print-config", print_config, "Print the effective configuration as JSON and leave")
      ->envname(environment_name("print-config"));
}

void declare_write(CLI::App& app, write_command& command) {
  const auto read_method = [&command](const std::string& name) {
    const auto id = writers::find_method(name);
    if (!id)
      throw CLI::ValidationError(
          "--method", "'" + name + "' is none of sync, promise (async, await), callback, stream, partition, offload");
    command.request.id = *id;
  };
  app.add_option_function<std::string>("method,--method", read_method, "How to write")->required();
  app.add_option("--count", command.request.count, "Records")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, most_records));
  file_io_flag(app, "io", command.io, "Back end");
  app.add_option("--high-water-mark", command.request.high_water_mark_bytes, "Bytes that stream buffers")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30));
  const auto read_slice = [&command](std::int64_t us) { command.request.slice = microseconds{us}; };
  app.add_option_function<std::int64_t>("--slice-us", read_slice, "Microseconds that partition works before it yields")
      ->default_str(std::to_string(command.request.slice.count()))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  const auto read_durability = [&command](const std::string& text) {
    command.request.durable = text == "disk" ? writers::durability::disk : writers::durability::cache;
    return text == "disk" || text == "cache";
  };
  parsed_flag(app, "durability", read_durability, "cache or disk", "cache, or disk: sync file and directory", "cache");
  app.add_flag("--verify", command.request.verify, "Read the file back: complete? in order?");
  app.add_option("--data-dir", command.data_dir, "Where the file is written")
      ->envname(environment_name("data-dir"))
      ->capture_default_str();
  flag(app, "pool-threads", command.pool_threads, "Threads that carry out blocking calls")
      ->check(CLI::Range(std::size_t{1}, most_pool_threads));
}

void declare_healthcheck(CLI::App& app, healthcheck_command& command) {
  app.add_option("--url", command.url, "What to ask; http only")->capture_default_str();
  duration_flag(app, "timeout", command.timeout, std::chrono::seconds{1}, "For the answer");
}

/// Fits what no flag and no environment variable has set into the container.
void fit_budgets(const CLI::App& app, serve_config& config) {
  const auto derive = [&app, &config](const std::string& name, auto& value, auto within) {
    if (app.count("--" + name) > 0) return;
    const auto fitting = within(config.container, value);
    if (fitting != value) config.derived.push_back(name);
    value = fitting;
  };
  derive("pool-threads", config.pool_threads, pool_threads_within);
  derive("max-pending-bytes", config.limits.max_pending_bytes, pending_bytes_within);
}

}  // namespace

command parse_command_line(int argc, const char* const* argv, const container_limits& container) {
  CLI::App app{
      "loopscope: see, measure and explain event-loop blocking.\n"
      "Every flag has an environment variable: --max-writes is LOOPSCOPE_MAX_WRITES.",
      "loopscope"};
  app.set_version_flag("--version", "loopscope " LOOPSCOPE_VERSION);
  app.require_subcommand(0, 1);

  serve_config config;
  bool print_config = false;
  declare_serve(app, config, print_config);
  CLI::App* serve = app.add_subcommand("serve", "Serve (what loopscope does without a word)");
  serve->fallthrough();
  CLI::App* write = app.add_subcommand("write", "Write once without HTTP and print the report");
  write_command writing;
  declare_write(*write, writing);
  CLI::App* healthcheck = app.add_subcommand("healthcheck", "Exit 0 when the service answers 200");
  healthcheck_command checking;
  declare_healthcheck(*healthcheck, checking);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const bool asked_for = app.exit(error, out, err) == 0;
    return leave{asked_for ? exit_done : exit_bad_usage, out.str(), err.str()};
  }
  if (*write) {
    if (write->count("--pool-threads") == 0)
      writing.pool_threads = pool_threads_within(container, writing.pool_threads);
    return writing;
  }
  if (*healthcheck) return checking;
  config.container = container;
  fit_budgets(app, config);
  if (print_config) return leave{exit_done, to_json_text(config) + "\n", {}};
  return serve_command{config};
}

}  // namespace loopscope::cli
