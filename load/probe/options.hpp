#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "expected_statuses.hpp"
#include "request.hpp"
#include "schedule.hpp"
#include "server/support/http_url.hpp"

namespace loopscope::probe {

/// What the command line asks for.
struct options {
  std::string url;
  http_url target;
  std::optional<std::string> unix_socket;  ///< connect to it, not to the URL's host
  bool spread = false;                     ///< over all addresses of the URL's host
  request sends{};                         ///< its target is the URL's
  expected_statuses expect{};
  double rate_per_s = 200;
  std::chrono::microseconds duration = std::chrono::seconds{10};
  /// How long after the schedule's end to wait for answers; at 0 what is unanswered counts at its age then.
  std::chrono::microseconds drain{0};
  std::size_t connections = 10;
  std::size_t max_connections = 1000;
  schedule_kind kind = schedule_kind::uniform;
  std::uint64_t seed = 1;

  std::optional<request> trigger;  ///< with the fields of `sends`
  std::string trigger_text;
  std::chrono::microseconds trigger_at{0};

  std::optional<std::string> json_file;  ///< "-" is stdout, here and below
  std::optional<std::string> csv_file;
  std::optional<std::string> hgrm_file;
  double max_error_rate = 0.01;
  bool quiet = false;
};

}  // namespace loopscope::probe
