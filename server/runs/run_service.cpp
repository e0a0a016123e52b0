#include "run_service.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace loopscope::runs {
namespace {

/// Tells the registry that a run has ended, and how, as far as is known.
class run_end {
 public:
  run_end(run_registry& registry, const active_run& run) : registry_(registry), run_(run) {}
  ~run_end() {
    if (!told_) registry_.end(run_, outcome::failed, "an exception ended it", std::nullopt);
  }
  run_end(const run_end&) = delete;
  run_end& operator=(const run_end&) = delete;

  void with(outcome how, std::string error, std::optional<run_report> report = std::nullopt) {
    told_ = true;
    registry_.end(run_, how, std::move(error), std::move(report));
  }

 private:
  run_registry& registry_;
  const active_run& run_;
  bool told_ = false;
};

}  // namespace

boost::asio::awaitable<run_service::result> run_service::run(writers::write_request request, std::stop_token abandon,
                                                             watch_loop watch) {
  auto begun = registry_.begin(request);
  if (const refusal* refused = std::get_if<refusal>(&begun)) co_return *refused;
  const auto run = std::get<std::shared_ptr<active_run>>(std::move(begun));
  const std::stop_callback forward{std::move(abandon), [run] { run->stop.request_stop(); }};

  // However this ends, also with an exception: a run that the registry still counts would keep others out for good.
  run_end end{registry_, *run};

  const auto figures = watch ? watch() : nullptr;
  auto written = co_await writers::run_write(request, environment_, run->progress, run->stop.get_token());
  if (written.has_error()) {
    const bool cancelled = written.error().code == boost::asio::error::operation_aborted;
    end.with(cancelled ? outcome::cancelled : outcome::failed, written.error().message());
    co_return written.error();
  }
  run_report report{run->id, std::move(*written), std::nullopt};
  // Not on the loop: after a flood of operations its next allocation may take long.
  if (figures) report.loop = co_await environment_.pool.async_run(figures, boost::asio::use_awaitable);
  end.with(outcome::completed, {}, report);
  co_return report;
}

}  // namespace loopscope::runs
