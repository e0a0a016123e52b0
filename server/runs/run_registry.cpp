// SPDX-License-Identifier: MIT

#include "run_registry.hpp"

#include <utility>

namespace loopscope::runs {
namespace {

constexpr std::size_t finished_runs_kept = 64;

}  // namespace

std::string_view to_string(outcome what) noexcept {
  switch (what) {
    case outcome::completed:
      return "completed";
    case outcome::cancelled:
      return "cancelled";
    case outcome::failed:
      return "failed";
  }
  return "";
}

std::variant<std::shared_ptr<active_run>, refusal> run_registry::begin(
    writers::write_request request, std::optional<std::chrono::nanoseconds> recent_lag) {
  auto run = std::make_shared<active_run>();
  run->request = std::move(request);
  run->started = std::chrono::system_clock::now();
  run->progress.started();
  const std::lock_guard lock{mutex_};
  if (const auto refused = admission_.admit(run->request, recent_lag)) return *refused;
  run->id = ++last_id_;
  active_.push_back(run);
  return run;
}

void run_registry::end(const std::shared_ptr<active_run>& run, outcome how, std::string error,
                       std::optional<run_report> report) {
  auto finished = std::make_shared<finished_run>(
      finished_run{run, run->progress.elapsed(), how, std::move(error), std::move(report)});
  if (on_end_) on_end_(*finished);
  const std::lock_guard lock{mutex_};
  admission_.release(run->request);
  active_.remove(run);
  finished_.push_front(std::move(finished));
  if (finished_.size() > finished_runs_kept) finished_.pop_back();
}

void run_registry::close() {
  const std::lock_guard lock{mutex_};
  admission_.close();
}

void run_registry::cancel_all() {
  std::vector<std::stop_source> stopping;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& each : active_) stopping.push_back(each->stop);
  }
  for (std::stop_source& each : stopping) each.request_stop();
}

std::vector<std::shared_ptr<const active_run>> run_registry::active() const {
  const std::lock_guard lock{mutex_};
  return {active_.begin(), active_.end()};
}

std::vector<std::shared_ptr<const finished_run>> run_registry::finished() const {
  const std::lock_guard lock{mutex_};
  return {finished_.begin(), finished_.end()};
}

}  // namespace loopscope::runs
