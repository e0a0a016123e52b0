#include "loop_json.hpp"

namespace loopscope::admin {
namespace {

json window_json(const monitor::window_figures& window) {
  return {{"elapsed_ms", milliseconds(window.elapsed)},
          {"lag_raw", lag_json(window.raw)},
          {"lag_corrected", lag_json(window.corrected)},
          {"stalls", window.stalls},
          {"longest_stall_ms", milliseconds(window.longest_stall)},
          {"cpu_share", rounded(window.cpu_share)},
          {"busy_share", rounded(window.busy_share)}};
}

json verdicts_json(const monitor::snapshot& figures) {
  json out = json::object();
  for (std::size_t i = 0; i < figures.by_verdict.size(); ++i) {
    const auto& counted = figures.by_verdict[i];
    out[std::string{monitor::to_string(static_cast<monitor::verdict>(i))}] = {
        {"stalls", counted.stalls}, {"total_ms", milliseconds(counted.total)}};
  }
  return out;
}

}  // namespace

json lag_json(const monitor::lag_figures& lag) {
  return {{"count", lag.count},
          {"p50_us", microseconds(lag.p50)},
          {"p90_us", microseconds(lag.p90)},
          {"p99_us", microseconds(lag.p99)},
          {"p99_9_us", microseconds(lag.p999)},
          {"max_us", microseconds(lag.max)}};
}

json loop_json(std::string_view name, const monitor::snapshot& figures,
               const std::optional<monitor::window_figures>& last_second) {
  return {{"name", name},
          {"running", figures.running},
          {"stalled_for_ms", milliseconds(figures.stalled_for)},
          {"since_start", window_json(figures.total)},
          {"last_second", last_second ? window_json(*last_second) : json(nullptr)},
          {"ended_stalls", verdicts_json(figures)},
          {"reports", figures.reports},
          {"reports_suppressed", figures.reports_suppressed},
          {"callback_errors", figures.callback_errors},
          {"activities_dropped", figures.activities_dropped}};
}

}  // namespace loopscope::admin
