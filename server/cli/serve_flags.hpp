#pragma once

#include <CLI/CLI.hpp>

#include "config.hpp"

namespace loopscope::cli {

/// Most records that any write may be allowed.
inline constexpr std::uint64_t most_records = 10'000'000'000;

/// Declares every flag of `loopscope serve`. Lifetime: `config` and `print_config` outlive the parsing.
void declare_serve(CLI::App& app, serve_config& config, bool& print_config);

}  // namespace loopscope::cli
