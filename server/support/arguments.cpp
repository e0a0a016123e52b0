// SPDX-License-Identifier: MIT

#include "arguments.hpp"

#include <cstdlib>
#include <sstream>
#include <vector>

#include "duration.hpp"
#include "nearest_word.hpp"
#include "standard_streams.hpp"

namespace loopscope {
namespace {

using std::chrono::microseconds;

constexpr const char* where_help_is = "\nRun with --help for more information.\n";

std::string shown(microseconds value, microseconds unit, const char* unit_name) {
  std::ostringstream text;
  text << static_cast<double>(value.count()) / static_cast<double>(unit.count()) << unit_name;
  return text.str();
}

/// What a user may have meant: the flags of the command in use, or the commands.
std::vector<std::string> known_words(const CLI::App& app, bool flags) {
  std::vector<std::string> words;
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!flags) words.push_back(command->get_name());
  const auto used = app.get_subcommands();
  for (const CLI::App* each : {&app, static_cast<const CLI::App*>(used.empty() ? &app : used.front())})
    for (const CLI::Option* option : each->get_options())
      for (const std::string& name : option->get_lnames())
        if (flags) words.push_back("--" + name);
  return words;
}

/// "'wach' is not a command (did you mean watch?)" about the first argument that nothing has taken.
std::string unexpected(const CLI::App& app, const CLI::Error& error) {
  const auto rest = app.remaining(true);
  if (rest.empty()) return error.what();
  const std::string word = rest.front().substr(0, rest.front().find('='));
  const bool is_flag = word.starts_with('-');
  const bool is_command = !is_flag && !app.get_subcommands(nullptr).empty() && app.get_subcommands().empty();
  const char* kind = is_flag ? "a flag" : is_command ? "a command" : "expected";
  const std::string guess = is_flag || is_command ? did_you_mean(word, known_words(app, is_flag)) : std::string{};
  return "'" + word + "' is not " + kind + guess;
}

/// CLI11 2.4 takes no value from a variable that a flag would not take, and says nothing. Throws as a wrong flag does.
void refuse_wrong_variables(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->count() > 0 || option->get_envname().empty()) continue;
    const char* value = std::getenv(option->get_envname().c_str());
    if (!value || *value == '\0') continue;
    option->add_result(value);
    option->run_callback();
  }
  for (CLI::App* used : app.get_subcommands()) refuse_wrong_variables(*used);
}

}  // namespace

CLI::Option* duration_option(CLI::App& app, const std::string& name, microseconds& value, microseconds bare_unit,
                             microseconds min, const std::string& help) {
  const bool seconds = bare_unit == std::chrono::seconds{1};
  const auto read = [&value, bare_unit, min](const std::string& text) {
    const auto parsed = parse_duration(text, bare_unit);
    if (!parsed || *parsed < min) return false;
    value = *parsed;
    return true;
  };
  const std::string allowed = min > microseconds{0} ? "a duration above 0, such as 250ms or 10s"  //
                                                    : "a duration, such as 250ms or 10s";
  return parsed_option(app, name, read, allowed,
                       help + " (a number without a unit: " + (seconds ? "seconds)" : "milliseconds)"))
      ->type_name("TIME")
      ->default_str(shown(value, bare_unit, seconds ? "s" : "ms"));
}

std::optional<early_exit> parse_arguments(CLI::App& app, int argc, const char* const* argv) {
  app.failure_message([](const CLI::App* parsed, const CLI::Error& error) {
    const bool extra = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
    return escape_control_characters(extra ? unexpected(*parsed, error) : error.what()) + where_help_is;
  });
  try {
    app.parse(argc, argv);
    refuse_wrong_variables(app);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const bool requested = app.exit(error, out, err) == 0;
    return early_exit{requested ? exit_done : exit_bad_usage, out.str(), err.str()};
  }
}

early_exit wrong_usage(const std::string& message) {
  return {exit_bad_usage, {}, escape_control_characters(message) + where_help_is};
}

}  // namespace loopscope
