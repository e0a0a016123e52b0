#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <variant>

#include "config.hpp"
#include "container_limits.hpp"
#include "server/support/program.hpp"
#include "writers/write_run.hpp"

namespace loopscope::config {

/// `loopscope serve`, also the default without a command.
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

using command = std::variant<serve_command, write_command, healthcheck_command, early_exit>;

/// Reads the arguments and, for flags that are not given, the environment (LOOPSCOPE_MAX_WRITES for --max-writes). The
/// container's limits lower the default of a budget that neither of them sets.
command parse_command_line(int argc, const char* const* argv, const container_limits& container = {});

}  // namespace loopscope::config
