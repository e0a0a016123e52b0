#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "load_run.hpp"
#include "options.hpp"
#include "punctuality.hpp"
#include "summary.hpp"
#include "trigger.hpp"

namespace loopscope::probe {

/// One of the addresses of the URL's host.
struct measured_address {
  std::string text;
  bool measured = false;  ///< connections were opened to it
  load_run::address_use use{};
};

/// One finished run: everything that the reports say.
struct measurement {
  options asked{};
  bool reached = false;                                          ///< a connection was made
  std::string unreached_because;                                 ///< when not
  std::optional<std::chrono::system_clock::time_point> started;  ///< nothing when no request was due yet
  std::chrono::nanoseconds measured_until{0};
  bool interrupted = false;
  std::optional<double> thread_busy;
  std::chrono::nanoseconds stood_still{0};
  std::vector<measured_address> addresses;
  thread_scheduling scheduling = thread_scheduling::ordinary;
  std::size_t connections_opened = 0;
  std::size_t connections_peak = 0;
  std::size_t longest_line = 0;
  std::optional<trigger_record> trigger;
  summary sums;
  std::vector<std::string> bottleneck;  ///< reasons; empty when the probe was none
};

}  // namespace loopscope::probe
