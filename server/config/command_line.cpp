// SPDX-License-Identifier: MIT

#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "budgets.hpp"
#include "flags.hpp"
#include "help_text.hpp"
#include "server/notices/notices.hpp"
#include "server/support/nearest_word.hpp"

#ifndef LOOPSCOPE_VERSION
#error "LOOPSCOPE_VERSION comes from CMakeLists.txt"
#endif

namespace loopscope::config {
namespace {

using std::chrono::microseconds;

/// "sync, promise (async, await), ..."
std::string method_names() {
  std::string text;
  for (const auto& each : writers::all_methods()) {
    text.append(text.empty() ? "" : ", ").append(each.name);
    std::string aliases;
    for (const auto alias : each.aliases) aliases.append(aliases.empty() ? "" : ", ").append(alias);
    if (!aliases.empty()) text.append(" (").append(aliases).append(")");
  }
  return text;
}

/// "500 for partition, none for callback"
std::string default_slices() {
  std::string text;
  for (const auto& each : writers::all_methods()) {
    if (!each.takes_slice) continue;
    const std::string slice = each.default_slice ? std::to_string(each.default_slice->count()) : "none";
    text.append(text.empty() ? "" : ", ").append(slice + " for ").append(each.name);
  }
  return text;
}

std::vector<std::string> words_for_methods() {
  std::vector<std::string> words;
  for (const auto& each : writers::all_methods()) {
    words.emplace_back(each.name);
    words.insert(words.end(), each.aliases.begin(), each.aliases.end());
  }
  return words;
}

void declare_write(CLI::App& app, write_command& command) {
  const auto read_method = [&command](const std::string& name) {
    command.request.method = writers::find_method(name);
    if (!command.request.method)
      throw CLI::ValidationError(
          "--method", "'" + name + "' is not one of " + method_names() + did_you_mean(name, words_for_methods()));
  };
  app.add_option_function<std::string>("method,--method", read_method, "Write method: " + method_names())
      ->required()
      ->type_name("METHOD")
      ->envname(environment_name("method"));
  count_flag(app, "count", command.request.count, max_records, "Number of records");
  file_io_flag(app, "io", command.io, "Back end");
  count_flag(app, "high-water-mark", command.request.high_water_mark_bytes, std::size_t{1} << 30,
             "Bytes that a stream buffers before it pauses");
  const auto read_slice = [&command](std::int64_t us) { command.request.slice = microseconds{us}; };
  app.add_option_function<std::int64_t>("--slice-us", read_slice, "Microseconds of work before the loop gets its turn")
      ->default_str(default_slices())
      ->type_name("N")
      ->envname(environment_name("slice-us"))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  const auto read_durability = [&command](const std::string& text) {
    command.request.durable = text == "disk" ? writers::durability::disk : writers::durability::cache;
    return text == "disk" || text == "cache";
  };
  parsed_flag(app, "durability", read_durability, "cache or disk",
              "When a write is complete: in the page cache (cache), or synced with its directory (disk)", "cache")
      ->type_name("WHEN");
  switch_flag(app, "verify", command.request.verify, "Read the file back and check that it is complete and in order");
  flag(app, "data-dir", command.data_dir, "Directory of the written file; created if missing")->type_name("DIRECTORY");
  pool_threads_flag(app, command.pool_threads);
}

void declare_healthcheck(CLI::App& app, healthcheck_command& command) {
  flag(app, "url", command.url, "URL to request; http only")->type_name("URL");
  duration_flag(app, "timeout", command.timeout, std::chrono::seconds{1}, "Time for the response");
}

/// Lowers the defaults that no flag and no environment variable has replaced to the container's limits.
void fit_budgets(const CLI::App& app, serve_config& config) {
  const auto derive = [&app, &config](const std::string& name, auto& value, auto within) {
    if (app.count("--" + name) > 0) return;
    const auto fitting = within(config.container, value);
    if (fitting != value) config.derived.push_back(name);
    value = fitting;
  };
  derive("pool-threads", config.pool_threads, pool_threads_within);
  derive("max-pending-bytes", config.limits.max_pending_bytes, pending_bytes_within);
  const auto connection_bytes = [&config](const container_limits& limits, std::uint64_t usual) {
    return connection_bytes_within(limits, config.io_threads, usual);
  };
  derive("max-connection-bytes", config.clients.max_connection_bytes, connection_bytes);
}

}  // namespace

command parse_command_line(int argc, const char* const* argv, const container_limits& container) {
  if (argc > 1 && std::string_view{argv[1]} == watch_name) return parse_watch(argc, argv);
  CLI::App app{"loopscope: see, measure and explain event-loop blocking.", "loopscope"};
  app.formatter(std::make_shared<help_formatter>());
  app.option_defaults()->group(information_group);
  describe_help_flag(app);
  app.set_help_all_flag("--help-all", "Print every flag, with its environment variable");
  app.set_version_flag("--version", "loopscope " LOOPSCOPE_VERSION, "Print the version");
  bool print_licenses = false;
  app.add_flag("--licenses", print_licenses, "Print the licence, and those of what is built in");
  app.require_subcommand(0, 1);

  serve_config config;
  bool print_config = false;
  declare_serve(app, config, print_config);
  app.option_defaults()->group(flags_group);
  CLI::App* serve = app.add_subcommand("serve", "Run the service (the default command)");
  serve->fallthrough();
  CLI::App* write = app.add_subcommand("write", "Write one file without HTTP and print the report");
  write_command writing;
  declare_write(*write, writing);
  CLI::App* healthcheck = app.add_subcommand("healthcheck", "Exit 0 if the service responds with 200");
  healthcheck_command checking;
  declare_healthcheck(*healthcheck, checking);
  // Read by parse_watch() when it is the first word; here it is declared for the texts.
  CLI::App* watch = app.add_subcommand(watch_name, watch_help)->prefix_command();
  watch_command watching;
  declare_watch(*watch, watching);
  CLI::App* completion = app.add_subcommand("completion", "Print a script that completes flags: completion bash");
  std::string shell;
  completion->add_option("shell", shell, "The shell: bash")
      ->required()
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash"}));
  CLI::App* man = app.add_subcommand("man", "Print the manual page, which man -l - shows");
  for (CLI::App* each : {write, healthcheck, watch, completion, man}) {
    each->set_help_all_flag();
    describe_help_flag(*each);
  }
  // With such a callback, CLI11 reads a command's environment variables only when the command is used.
  for (CLI::App* each : {write, healthcheck, watch}) each->parse_complete_callback([] {});

  if (auto exit = parse_arguments(app, argc, argv)) return *exit;
  if (print_licenses) return early_exit{exit_done, std::string{notices::text()}, {}};
  if (*completion) return early_exit{exit_done, bash_completion(app, words_for_methods()), {}};
  if (*man) return early_exit{exit_done, man_page(app, LOOPSCOPE_VERSION), {}};
  if (*write) {
    if (write->count("--pool-threads") == 0)
      writing.pool_threads = pool_threads_within(container, writing.pool_threads);
    return writing;
  }
  if (*healthcheck) return checking;
  if (*watch) return wrong_usage("watch: no flag of another command can stand before it");
  config.container = container;
  fit_budgets(app, config);
  if (app.count("--max-connections-per-address") == 0)
    config.clients.max_connections_per_address = default_connections_per_address(config);
  if (print_config) return early_exit{exit_done, to_json_text(config) + "\n", {}};
  return serve_command{config};
}

}  // namespace loopscope::config
