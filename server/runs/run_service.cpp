#include "run_service.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace loopscope::runs {
boost::asio::awaitable<run_service::result> run_service::run(writers::write_request request, std::stop_token abandon,
                                                             watch_loop watch) {
  auto begun = registry_.begin(request);
  if (const refusal* refused = std::get_if<refusal>(&begun)) co_return *refused;
  const auto run = std::get<std::shared_ptr<active_run>>(std::move(begun));
  const std::stop_callback forward{std::move(abandon), [run] { run->stop.request_stop(); }};

  const auto figures = watch ? watch() : nullptr;
  auto written = co_await writers::run_write(request, environment_, run->progress, run->stop.get_token());
  if (written.has_error()) {
    const bool cancelled = written.error().code == boost::asio::error::operation_aborted;
    registry_.end(*run, cancelled ? outcome::cancelled : outcome::failed, written.error().message(), std::nullopt);
    co_return written.error();
  }
  run_report report{run->id, std::move(*written), std::nullopt};
  // Not on the loop: after a flood of operations its next allocation may take long.
  if (figures) report.loop = co_await environment_.pool.async_run(figures, boost::asio::use_awaitable);
  registry_.end(*run, outcome::completed, {}, report);
  co_return report;
}

}  // namespace loopscope::runs
