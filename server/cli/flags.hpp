#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <string>

#include "writers/back_end.hpp"

namespace loopscope::cli {

/// LOOPSCOPE_MAX_WRITES for "max-writes".
std::string environment_name(std::string flag);

/// Declares --NAME and its environment variable, with the value's present content as the default.
template <class Value>
CLI::Option* flag(CLI::App& app, const std::string& name, Value& value, const std::string& help) {
  return app.add_option("--" + name, value, help)->envname(environment_name(name))->capture_default_str();
}

/// A flag whose value is read by `parse`, which answers false for text that it does not take.
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

/// A number from 1 to `most`.
template <class Number>
CLI::Option* count_flag(CLI::App& app, const std::string& name, Number& value, Number most, const std::string& help) {
  return flag(app, name, value, help)->check(CLI::Range(Number{1}, most));
}

CLI::Option* duration_flag(CLI::App& app, const std::string& name, std::chrono::microseconds& value,
                           std::chrono::microseconds bare_unit, const std::string& help);
CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& help);
CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, std::uint64_t least,
                        std::uint64_t most, const std::string& help);
/// --NAME without a value: true.
CLI::Option* switch_flag(CLI::App& app, const std::string& name, bool& value, const std::string& help);
CLI::Option* file_io_flag(CLI::App& app, const std::string& name, writers::back_end_choice& value,
                          const std::string& help);
CLI::Option* pool_threads_flag(CLI::App& app, std::size_t& value);

}  // namespace loopscope::cli
