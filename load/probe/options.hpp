// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "request.hpp"
#include "schedule.hpp"
#include "server/support/http_url.hpp"
#include "server/support/program.hpp"

namespace loopscope::probe {

// Exit codes beside those of program.hpp.
inline constexpr int exit_not_reachable = 3;
inline constexpr int exit_too_many_errors = 4;

/// Maximum requests of one run: each takes 40 bytes until the end.
inline constexpr double max_requests = 10e6;

/// The options of one run.
struct run_options {
  std::string url;
  http_url target;
  std::optional<std::string> unix_socket;  ///< connect to it instead of the URL's host
  bool spread = false;                     ///< use all addresses of the URL's host
  http_request request{};                  ///< its target is the URL's
  expected_statuses expect{};
  double rate_per_s = 200;
  std::chrono::microseconds duration = std::chrono::seconds{10};
  /// How long to wait for responses after the schedule's end. Requests that are still waiting then count with their
  /// current age.
  std::chrono::microseconds drain{0};
  std::size_t connections = 10;
  std::size_t max_connections = 1000;
  schedule_kind kind = schedule_kind::uniform;
  std::uint64_t seed = 1;

  std::optional<http_request> trigger;  ///< with the headers of `request`
  std::string trigger_text;
  std::chrono::microseconds trigger_at{0};

  std::optional<std::string> json_file;  ///< "-" is stdout, also for the next two
  std::optional<std::string> csv_file;
  std::optional<std::string> hgrm_file;
  double max_error_rate = 0.01;
  bool quiet = false;
};

std::variant<run_options, early_exit> parse_command_line(int argc, const char* const* argv);

}  // namespace loopscope::probe
