// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

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

/// `loopscope watch`: a program that is started with its event loops watched.
struct watch_command {
  std::vector<std::string> command;  ///< with its arguments; never empty
  std::chrono::microseconds threshold = std::chrono::milliseconds{25};
  std::optional<std::filesystem::path> json;
  std::optional<std::filesystem::path> folded;
  std::optional<std::filesystem::path> log;
  std::optional<std::chrono::microseconds> fail_above;
  std::optional<listen_address> admin;
  bool runtime_names = true;
  bool quiet = false;
};

using command = std::variant<serve_command, write_command, healthcheck_command, watch_command, early_exit>;

/// Reads the arguments and, for flags that are not given, the environment (LOOPSCOPE_MAX_WRITES for --max-writes). The
/// container's limits lower the default of a budget that neither of them sets.
///
/// `watch` reads no variable of another command: they are there for the program that it starts. So its --admin has
/// LOOPSCOPE_WATCH_ADMIN, since LOOPSCOPE_ADMIN is the service's.
command parse_command_line(int argc, const char* const* argv, const container_limits& container = {});

}  // namespace loopscope::config
