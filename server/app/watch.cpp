// SPDX-License-Identifier: MIT

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "commands.hpp"
#include "listen_failure.hpp"
#include "server/support/standard_streams.hpp"
#include "server/watch/command_environment.hpp"
#include "server/watch/message_log.hpp"
#include "server/watch/preload_library.hpp"
#include "server/watch/report/json_report.hpp"
#include "server/watch/report/output_file.hpp"
#include "server/watch/report/text_report.hpp"
#include "server/watch/start_conditions.hpp"
#include "server/watch/watch_map_owner.hpp"
#include "server/watch/watch_session.hpp"
#include "server/watch/watched_command.hpp"
#include "watch_plane.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::app {
namespace {

/// How often loops are looked for.
constexpr std::chrono::milliseconds look_interval{25};

std::unique_ptr<watch::message_log> open_log(const std::optional<std::filesystem::path>& file) {
  return file ? std::make_unique<watch::message_log>(*file) : std::make_unique<watch::message_log>();
}

/// The result of the command does not depend on these files.
void write_files(const config::watch_command& command, const watch::watch_session& session,
                 const watch::watch_report& report) {
  const auto replace = [](const std::optional<std::filesystem::path>& file, const std::string& text) {
    if (!file) return;
    if (const auto failure = watch::blocking_replace_file(*file, text); !failure.empty())
      print_error(program, "watch: " + failure);
  };
  if (command.json) replace(command.json, watch::to_json_text(report));
  if (command.folded) replace(command.folded, session.folded_text());
}

int exit_code_of(const config::watch_command& command, const watch::watch_session& session,
                 const watch::exit_status& status) {
  const bool failed = command.fail_above && session.longest_stall() > *command.fail_above;
  return failed ? exit_could_not_run : watch::exit_code(status);
}

}  // namespace

int run(const config::watch_command& command) {
  const watch::start_conditions conditions;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // an exceeded quota is then an error of write(2)

  const auto folder = watch::blocking_find_program_folder();
  const auto library = folder ? watch::blocking_find_preload_library(*folder) : folder;
  if (!library)
    return fail(program, std::string{"watch: "} + watch::preload_library_name +
                             " is neither beside loopscope nor in ../lib/loopscope or ../lib: install it again");
  const watch::preload_path preload{*library};
  std::unique_ptr<watch::message_log> log;
  try {
    log = open_log(command.log);
  } catch (const std::system_error& e) {
    return fail(program, std::string{"watch: --log "} + e.what());
  }

  watch::watch_map_owner map{command.threshold};
  const auto environment = watch::make_command_environment(watch::current_environment(),
                                                           {preload.text(), map.path(), command.runtime_names});
  const auto threshold = std::chrono::ceil<std::chrono::milliseconds>(command.threshold);
  watch::watch_session session{{command.command, environment.added, threshold, !command.quiet}, map, *log};
  std::optional<watch_plane> plane;
  if (command.admin) {
    const system::blocked_signals guard;  // its threads leave them to this one
    plane.emplace(session.loops(), threshold);
    if (const auto error = plane->listen(*command.admin))
      return fail(program, "watch: " + blocking_explain_listen_failure(*command.admin, "--admin", error));
  }

  const auto started = watch::watched_command::blocking_start(command.command, environment.variables, conditions);
  if (!started) {
    const int error = started.error().value();
    print_error(program, "watch: " + watch::blocking_exec_error_text(command.command.front(), error));
    return watch::exit_code_of_exec_error(error);
  }
  watch::watched_command& running = **started;
  session.start(running.pid(), preload.text());
  if (plane) plane->start(command.command, running.pid());
  while (!running.blocking_wait_for_change(std::chrono::steady_clock::now() + look_interval)) session.blocking_update();
  if (plane) plane->set_ended();
  const auto status = *running.ended();
  session.blocking_finish(status.by_signal);

  auto report = session.report();
  report.exit = status;
  if (!command.quiet) watch::message_log{}.write(watch::to_text(report));
  write_files(command, session, report);
  return exit_code_of(command, session, status);
}

}  // namespace loopscope::app
