#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <variant>

#include "config.hpp"
#include "container_limits.hpp"
#include "writers/write_run.hpp"

namespace loopscope::cli {

/// `loopscope serve`, also without a word.
struct serve_command {
  serve_config config;
};

/// `loopscope write`: one run without HTTP.
struct write_command {
  writers::write_request request;
  writers::back_end_choice io = writers::back_end_choice::automatic;
  std::filesystem::path data_dir = ".";
  std::size_t pool_threads = 4;
};

/// `loopscope healthcheck`.
struct healthcheck_command {
  std::string url = "http://127.0.0.1:8080/healthz";
  std::chrono::microseconds timeout = std::chrono::seconds{2};
};

/// Nothing to run: help, version or configuration were asked for, or the usage is wrong.
struct leave {
  int exit_code = 0;
  std::string out;  ///< for stdout
  std::string err;  ///< for stderr
};

using command = std::variant<serve_command, write_command, healthcheck_command, leave>;

inline constexpr int exit_done = 0;
inline constexpr int exit_could_not_run = 1;
inline constexpr int exit_bad_usage = 2;

/// Reads the arguments and, for flags not given, the environment (LOOPSCOPE_MAX_WRITES for --max-writes). Budgets that
/// neither gives follow the container's limits.
command parse_command_line(int argc, const char* const* argv, const container_limits& container = {});

}  // namespace loopscope::cli
