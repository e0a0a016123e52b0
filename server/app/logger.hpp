// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/config/config.hpp"

namespace loopscope::app {

/// Writes lines to stderr on its own thread, so that a slow reader never blocks a loop.
///
/// A full queue drops its oldest line. A line that cannot be written (full disk, closed pipe) is dropped. The next line
/// that can be written follows a warning with the number of lost lines. SIGPIPE must be ignored. Control characters in
/// messages and fields are escaped, so that text from a client cannot begin a line. Threads: any. Lifetime: outlives
/// its users. The destructor waits until all lines are written, for ever if nobody reads them: see blocking_drain().
class logger {
 public:
  using fields = nlohmann::ordered_json;

  /// `level`: trace, debug, info, warn, error or off.
  logger(const std::string& level, config::log_format format);
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  void debug(std::string_view event, const fields& with = {});
  void info(std::string_view event, const fields& with = {});
  void warn(std::string_view event, const fields& with = {});
  void error(std::string_view event, const fields& with = {});

  /// Waits until all lines so far are written. Returns false at the timeout, for instance if stderr is a full pipe.
  bool blocking_drain(std::chrono::milliseconds timeout);

 private:
  class sink;
  std::unique_ptr<sink> sink_;
};

}  // namespace loopscope::app
