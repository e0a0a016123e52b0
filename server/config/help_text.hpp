// SPDX-License-Identifier: MIT

#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace loopscope::config {

// The groups of the flags of `serve`. --help shows the first and the last one, --help-all shows all.
inline constexpr const char* main_group = "Flags of serve";
inline constexpr const char* write_limits_group = "Writes and their limits";
inline constexpr const char* client_limits_group = "Clients and their limits";
inline constexpr const char* access_group = "Access";
inline constexpr const char* log_group = "Log and configuration";
inline constexpr const char* flags_group = "Flags";  ///< those of another command
inline constexpr const char* information_group = "Information";

/// Formats --help so that it fits a terminal of 24 lines and 80 columns, and --help-all.
class help_formatter final : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

void describe_help_flag(CLI::App& app);

// Texts that are made from the declared flags. `app`: the program with all of its commands.

/// A page for man(1), section 1.
std::string man_page(const CLI::App& app, const std::string& version);

/// A script for bash: `source <(loopscope completion bash)`. `methods`: the first argument of `write`.
std::string bash_completion(const CLI::App& app, const std::vector<std::string>& methods);

}  // namespace loopscope::config
