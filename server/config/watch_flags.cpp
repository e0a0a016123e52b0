// SPDX-License-Identifier: MIT

#include <memory>
#include <string_view>

#include "flags.hpp"
#include "help_text.hpp"
#include "server/support/duration.hpp"

namespace loopscope::config {
namespace {

using std::chrono::microseconds;

constexpr const char* watch_usage =
    "\nUsage: loopscope watch [FLAGS] -- COMMAND [ARG...]\n"
    "Every flag has an environment variable: --fail-above is LOOPSCOPE_FAIL_ABOVE.\n";

void file_flag(CLI::App& app, const std::string& name, std::optional<std::filesystem::path>& value,
               const std::string& help) {
  const auto read = [&value](const std::string& text) {
    value = text;
    return !text.empty();
  };
  parsed_flag(app, name, read, "a file", help, "none")->type_name("FILE");
}

/// How many arguments the flag at `argument` takes up, itself included.
int width_of_flag(const CLI::App& app, std::string_view argument) {
  if (argument.find('=') != std::string_view::npos) return 1;
  const CLI::Option* option = app.get_option_no_throw(std::string{argument});
  return option != nullptr && option->get_items_expected_max() > 0 ? 2 : 1;
}

/// The index of the first argument that is no flag of `watch`: "--" or the command.
int end_of_flags(const CLI::App& app, int argc, const char* const* argv) {
  int at = 2;
  while (at < argc) {
    const std::string_view argument = argv[at];
    if (argument == "--" || argument.size() < 2 || argument.front() != '-') return at;
    at += width_of_flag(app, argument);
  }
  return argc;
}

}  // namespace

void declare_watch(CLI::App& app, watch_command& watching) {
  duration_flag(app, "threshold", watching.threshold, std::chrono::milliseconds{1},
                "A loop that is blocked for longer than this has a stall");
  file_flag(app, "json", watching.json, "File for the report as JSON");
  file_flag(app, "folded", watching.folded, "File for the stacks, weighted by blocked microseconds, for flame graphs");
  file_flag(app, "log", watching.log, "File for the sentences of stalls, in place of stderr");
  const auto read_fail_above = [&watching](const std::string& text) {
    watching.fail_above = parse_duration(text, std::chrono::milliseconds{1});
    return watching.fail_above && *watching.fail_above > microseconds{0};
  };
  parsed_flag(app, "fail-above", read_fail_above, "a duration above 0, such as 250ms or 10s",
              "Exit with 1 when a stall was longer (a number without a unit: milliseconds)", "none")
      ->type_name("TIME");
  admin_flag(app, watching.admin, "Address of the live page, or off")->envname("LOOPSCOPE_WATCH_ADMIN");
  app.add_flag_callback(
         "--no-runtime-names", [&watching] { watching.runtime_names = false; },
         "Do not ask Node.js and Python for the names of their functions")
      ->envname(environment_name("no-runtime-names"));
  switch_flag(app, "quiet", watching.quiet, "Print nothing but errors, neither stalls nor the report");
}

command parse_watch(int argc, const char* const* argv) {
  CLI::App app{watch_help, "loopscope watch"};
  app.formatter(std::make_shared<help_formatter>());
  app.footer(watch_usage);
  app.option_defaults()->group(flags_group);
  describe_help_flag(app);
  watch_command watching;
  declare_watch(app, watching);
  // CLI11 sees the flags alone: it would take some of the command's arguments apart, such as "[a,b]".
  const int end = end_of_flags(app, argc, argv);
  if (auto exit = parse_arguments(app, end - 1, argv + 1)) return *exit;
  const bool marked = end < argc && std::string_view{argv[end]} == "--";
  watching.command.assign(argv + end + (marked ? 1 : 0), argv + argc);
  if (watching.command.empty()) return wrong_usage("watch: a command is missing: loopscope watch [flags] -- COMMAND");
  return watching;
}

}  // namespace loopscope::config
