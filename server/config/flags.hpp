// SPDX-License-Identifier: MIT

#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "command_line.hpp"
#include "config.hpp"
#include "server/support/arguments.hpp"
#include "writers/back_end.hpp"

namespace loopscope::config {

/// The largest count of records that --max-count can allow.
inline constexpr std::uint64_t max_records = 10'000'000'000;

/// LOOPSCOPE_MAX_WRITES for "max-writes".
std::string environment_name(std::string flag);

/// Declares --NAME and its environment variable. The current value is the default.
template <class Value>
CLI::Option* flag(CLI::App& app, const std::string& name, Value& value, const std::string& help) {
  return app.add_option("--" + name, value, help)->envname(environment_name(name))->capture_default_str();
}

/// A flag whose value is read by `parse`: see parsed_option().
template <class Parse>
CLI::Option* parsed_flag(CLI::App& app, const std::string& name, Parse parse, const std::string& allowed,
                         const std::string& help, const std::string& default_text) {
  return parsed_option(app, "--" + name, parse, allowed, help)
      ->envname(environment_name(name))
      ->default_str(default_text);
}

/// A number from 1 to `max`.
template <class Number>
CLI::Option* count_flag(CLI::App& app, const std::string& name, Number& value, Number max, const std::string& help) {
  return flag(app, name, value, help)->type_name("N")->check(CLI::Range(Number{1}, max));
}

/// A duration above 0.
CLI::Option* duration_flag(CLI::App& app, const std::string& name, std::chrono::microseconds& value,
                           std::chrono::microseconds bare_unit, const std::string& help);
CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& help);
CLI::Option* bytes_flag(CLI::App& app, const std::string& name, std::uint64_t& value, std::uint64_t min,
                        std::uint64_t max, const std::string& help);
/// --NAME without a value: true.
CLI::Option* switch_flag(CLI::App& app, const std::string& name, bool& value, const std::string& help);
CLI::Option* file_io_flag(CLI::App& app, const std::string& name, writers::back_end_choice& value,
                          const std::string& help);
CLI::Option* pool_threads_flag(CLI::App& app, std::size_t& value);

/// The address of an admin plane; "off" gives none.
CLI::Option* admin_flag(CLI::App& app, std::optional<listen_address>& value, const std::string& help);

inline constexpr const char* watch_name = "watch";
inline constexpr const char* watch_help = "Run a program and explain what blocks its event loops";

/// Declares the flags of `loopscope watch`. Lifetime: `watching` outlives the parsing.
void declare_watch(CLI::App& app, watch_command& watching);

/// Reads `loopscope watch [flags] [--] COMMAND [ARG...]`.
command parse_watch(int argc, const char* const* argv);

/// Declares every flag of `loopscope serve`. Lifetime: `config` and `print_config` outlive the parsing.
void declare_serve(CLI::App& app, serve_config& config, bool& print_config);

}  // namespace loopscope::config
