// SPDX-License-Identifier: MIT

#include "run_service.hpp"

#include <boost/asio/error.hpp>
#include <optional>

namespace loopscope::runs {

boost::asio::awaitable<run_service::result> run_service::run(writers::write_request request, std::stop_token abandon,
                                                             const monitor::loop_watch& watch) {
  auto begun = registry_.begin(std::move(request), watch.recent_lag());
  if (const refusal* refused = std::get_if<refusal>(&begun)) co_return *refused;
  const auto run = std::get<std::shared_ptr<active_run>>(std::move(begun));
  const std::stop_callback forward{std::move(abandon), [run] { run->stop.request_stop(); }};

  monitor::interval_reader interval = watch.interval();
  std::optional<monitor::window_figures> loop;
  const auto read_loop = [&interval, &loop] { loop = interval.read(); };
  auto written =
      co_await writers::run_write(run->request, environment_, run->progress, run->stop.get_token(), read_loop);
  if (written.has_error()) {
    const bool cancelled = written.error().code == boost::asio::error::operation_aborted;
    registry_.end(run, cancelled ? outcome::cancelled : outcome::failed, written.error().message(), std::nullopt);
    co_return written.error();
  }
  run_report report{run->id, *std::move(written), loop};
  registry_.end(run, outcome::completed, {}, report);
  co_return report;
}

}  // namespace loopscope::runs
