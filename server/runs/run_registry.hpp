// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "admission.hpp"
#include "run_report.hpp"
#include "writers/write_progress.hpp"

namespace loopscope::runs {

enum class outcome { completed, cancelled, failed };
std::string_view to_string(outcome what) noexcept;

/// One write, from its admission to its end. Owns the request.
struct active_run {
  std::uint64_t id = 0;
  writers::write_request request;
  std::chrono::system_clock::time_point started;
  writers::write_progress progress;
  std::stop_source stop;
};

/// One write that has ended.
struct finished_run {
  std::shared_ptr<const active_run> run;
  std::chrono::nanoseconds took{};
  outcome how = outcome::completed;
  std::string error;                 ///< empty if completed
  std::optional<run_report> report;  ///< if completed
};

/// All writes of this process: admits them, lists them while they run and keeps the latest ones that have ended.
///
/// Threads: any; a mutex is held for list operations only. Lifetime: outlives its runs.
class run_registry {
 public:
  explicit run_registry(const run_limits& limits) : admission_(limits) {}

  /// `callback` is called for every run that has ended, on the thread that ended it. Set it before the first begins.
  void on_end(std::function<void(const finished_run&)> callback) { on_end_ = std::move(callback); }

  /// `recent_lag`: see admission::admit().
  std::variant<std::shared_ptr<active_run>, refusal> begin(writers::write_request request,
                                                           std::optional<std::chrono::nanoseconds> recent_lag);
  void end(const std::shared_ptr<active_run>& run, outcome how, std::string error, std::optional<run_report> report);

  /// From now on every write is refused.
  void close();
  /// Requests every running write to stop.
  void cancel_all();

  std::vector<std::shared_ptr<const active_run>> active() const;
  /// Newest first.
  std::vector<std::shared_ptr<const finished_run>> finished() const;
  const run_limits& limits() const noexcept { return admission_.limits(); }

 private:
  std::function<void(const finished_run&)> on_end_;
  mutable std::mutex mutex_;
  admission admission_;
  std::uint64_t last_id_ = 0;
  std::list<std::shared_ptr<active_run>> active_;
  std::deque<std::shared_ptr<const finished_run>> finished_;
};

}  // namespace loopscope::runs
