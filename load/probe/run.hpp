// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "load_run.hpp"
#include "options.hpp"
#include "summary.hpp"
#include "threads.hpp"
#include "trigger.hpp"

namespace loopscope::probe {

/// One of the addresses of the URL's host.
struct measured_address {
  std::string text;
  bool measured = false;  ///< connections were opened to it
  load_run::address_use use{};
};

/// Everything that the reports show about one finished run.
struct run_result {
  run_options options{};
  bool reached = false;                                          ///< a connection was established
  std::string connect_error;                                     ///< if none was
  std::optional<std::chrono::system_clock::time_point> started;  ///< nullopt if no request was due yet
  std::chrono::nanoseconds measured_until{0};
  bool interrupted = false;
  int signal = 0;  ///< the signal that interrupted it
  std::optional<double> thread_busy;
  std::chrono::nanoseconds not_running{0};
  std::vector<measured_address> addresses;
  thread_scheduling scheduling = thread_scheduling::ordinary;
  std::size_t connections_opened = 0;
  std::size_t connections_peak = 0;
  std::size_t max_queue = 0;
  std::optional<trigger_record> trigger;
  summary sums;
  std::vector<std::string> bottleneck;  ///< reasons; empty if the probe was no bottleneck
};

/// Measures and writes the reports; returns the exit code. Throws std::system_error if a report's file cannot be
/// written, as far as this is known before the measurement.
int run(const run_options& options);

}  // namespace loopscope::probe
