#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <stop_token>
#include <variant>

#include "run_registry.hpp"
#include "writers/file/uring_support.hpp"
#include "writers/write_run.hpp"

namespace loopscope::runs {

/// Called on the loop before a run; what it returns is called on a pool thread after it.
using watch_loop = std::function<std::function<std::optional<loop_figures>()>()>;

/// Carries out admitted writes and tells the registry what became of them.
///
/// Threads: shared by all loops; run() on the loop that the write is to run on. Lifetime: outlives its runs.
class run_service {
 public:
  using result = std::variant<run_report, refusal, writers::file_error>;

  /// `preferred` is what requests get that leave the back end open.
  run_service(run_registry& registry, writers::write_environment environment, writers::uring_support uring,
              writers::back_end_choice preferred)
      : registry_(registry), environment_(std::move(environment)), uring_(std::move(uring)), preferred_(preferred) {}

  /// `abandon` ends the run when it is requested, as cancel_all() of the registry does: operation_aborted.
  boost::asio::awaitable<result> run(writers::write_request request, std::stop_token abandon, watch_loop watch);

  const writers::uring_support& uring() const noexcept { return uring_; }
  writers::selected_back_end select(writers::back_end_choice asked) const {
    return writers::select_back_end(asked, preferred_, uring_);
  }
  run_registry& registry() noexcept { return registry_; }

 private:
  run_registry& registry_;
  writers::write_environment environment_;
  writers::uring_support uring_;
  writers::back_end_choice preferred_;
};

}  // namespace loopscope::runs
