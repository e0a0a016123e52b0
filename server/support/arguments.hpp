// SPDX-License-Identifier: MIT

#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "program.hpp"

namespace loopscope {

/// An option whose value is read by `parse`, which returns false for text that is not allowed. `name`: with its dashes.
/// `allowed`: completes the error text "'VALUE' is not ...".
template <class Parse>
CLI::Option* parsed_option(CLI::App& app, const std::string& name, Parse parse, const std::string& allowed,
                           const std::string& help) {
  const auto read = [parse, name, allowed](const std::string& text) {
    if (!parse(text)) throw CLI::ValidationError(name, "'" + text + "' is not " + allowed);
  };
  return app.add_option_function<std::string>(name, read, help)->type_name("");
}

/// An option such as "250ms". `bare_unit`: the unit of a number without one, a second or a millisecond. `min`: the
/// smallest allowed value, 0 or 1 us.
CLI::Option* duration_option(CLI::App& app, const std::string& name, std::chrono::microseconds& value,
                             std::chrono::microseconds bare_unit, std::chrono::microseconds min,
                             const std::string& help);

/// Parses the command line. Returns nullopt when there is something to run.
std::optional<early_exit> parse_arguments(CLI::App& app, int argc, const char* const* argv);

/// For a combination of options that is not allowed.
early_exit wrong_usage(const std::string& message);

}  // namespace loopscope
