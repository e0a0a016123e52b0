#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace loopscope {

enum class log_format { text, json };

/// Lines on stderr, written by a thread of its own: a reader that stalls never stalls a loop.
///
/// A full queue drops the oldest line, and a line that cannot be written (a full disk, a reader that has gone) is
/// dropped: a warning says how many were lost as soon as one can be written. SIGPIPE must be ignored. Control
/// characters of messages and fields are escaped, so that nothing a client sent begins a line. Threads: any. Lifetime:
/// outlives its users; the destructor waits until what is left is written, for ever where nobody reads: see
/// blocking_drain().
class logger {
 public:
  using fields = nlohmann::ordered_json;

  /// `level`: trace, debug, info, warn, error or off.
  logger(const std::string& level, log_format format);
  ~logger();
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  void debug(std::string_view event, const fields& with = {});
  void info(std::string_view event, const fields& with = {});
  void warn(std::string_view event, const fields& with = {});
  void error(std::string_view event, const fields& with = {});

  /// Waits until every line so far is written. False when that took longer, as where stderr is a full pipe.
  bool blocking_drain(std::chrono::milliseconds patience);

 private:
  class sink;
  std::unique_ptr<sink> sink_;
};

}  // namespace loopscope
