#include "arguments.hpp"

#include <sstream>

#include "duration.hpp"
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
      ->default_str(shown(value, bare_unit, seconds ? "s" : "ms"));
}

std::optional<early_exit> parse_arguments(CLI::App& app, int argc, const char* const* argv) {
  app.failure_message(
      [](const CLI::App*, const CLI::Error& error) { return escape_control_characters(error.what()) + where_help_is; });
  try {
    app.parse(argc, argv);
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
