// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>
#include <utility>
#include <variant>

#include "run_registry.hpp"
#include "server/monitor/loop_watch.hpp"
#include "writers/write_run.hpp"

namespace loopscope::runs {

/// Carries out writes: admission, run, report, end.
///
/// Threads: shared by all loops; run() on the loop that the write runs on. Lifetime: outlives its runs.
class run_service {
 public:
  using result = std::variant<run_report, refusal, writers::file_error>;

  run_service(run_registry& registry, writers::write_environment environment, writers::back_end_rule back_ends)
      : registry_(registry), environment_(std::move(environment)), back_ends_(std::move(back_ends)) {}

  /// `watch` monitors the loop that the write runs on. A stop requested by `abandon`, or by the registry's
  /// cancel_all(), ends the run with operation_aborted.
  boost::asio::awaitable<result> run(writers::write_request request, std::stop_token abandon,
                                     const monitor::loop_watch& watch);

  const writers::back_end_rule& back_ends() const noexcept { return back_ends_; }
  run_registry& registry() noexcept { return registry_; }

 private:
  run_registry& registry_;
  writers::write_environment environment_;
  writers::back_end_rule back_ends_;
};

}  // namespace loopscope::runs
