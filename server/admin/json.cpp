// SPDX-License-Identifier: MIT

#include "json.hpp"

#include "writers/method.hpp"

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
  json verdicts = json::object();
  for (std::size_t i = 0; i < figures.by_verdict.size(); ++i) {
    const auto& counter = figures.by_verdict[i];
    verdicts[std::string{monitor::to_string(static_cast<monitor::verdict>(i))}] = {
        {"stalls", counter.stalls}, {"total_ms", milliseconds(counter.total)}};
  }
  return verdicts;
}

json back_end_json(const writers::write_request& request) {
  switch (request.method->back_ends) {
    case writers::back_end_use::none:
      return nullptr;
    case writers::back_end_use::threads:
      return writers::to_string(writers::back_end::threads);
    case writers::back_end_use::any:
      return writers::to_string(request.io.id);
  }
  return nullptr;
}

/// What does not apply to the method is null.
json progress_json(const writers::write_request& request, const writers::write_progress& progress) {
  const bool has_buffer = request.method->has_buffer;
  return {{"written_records", progress.written_records()},
          {"pending_records", progress.pending_records()},
          {"pending_bytes", progress.pending_bytes()},
          {"pending_peak_records", progress.pending_peak_records()},
          {"pending_peak_bytes", progress.pending_peak_bytes()},
          {"queued_ms", milliseconds(progress.queued_after())},
          {"high_water_mark", has_buffer ? json(request.high_water_mark_bytes) : json(nullptr)},
          {"drains", has_buffer ? json(progress.drains()) : json(nullptr)},
          {"waited_ms", has_buffer ? milliseconds(progress.waited()) : json(nullptr)}};
}

json buffer_json(const std::optional<buffer_trace>& trace) {
  if (!trace) return nullptr;
  json readings = json::array();
  for (const auto& each : trace->readings) readings.push_back({microseconds(each.after), each.bytes});
  return {{"run", trace->run}, {"readings", std::move(readings)}};
}

/// What only some loops have. The others do not have these members, instead of null.
void add_turns_and_pid(json& loop, const std::optional<monitor::handler_times>& turns, std::optional<pid_t> pid) {
  if (turns)
    loop["turns"] = {
        {"count", turns->count}, {"sum_ms", milliseconds(turns->sum)}, {"max_ms", milliseconds(turns->max)}};
  if (pid) loop["pid"] = *pid;
}

json loop_sample_json(const sample::loop& loop) {
  const auto& window = loop.window;
  json ended = json::array();
  for (const auto& each : loop.ended) ended.push_back(stall_summary_json(each));
  json out{{"name", loop.name},
           {"running", loop.running},
           {"stalled_for_ms", milliseconds(loop.stalled_for)},
           {"stalls", loop.stalls},
           {"window_ms", window ? milliseconds(window->elapsed) : json(nullptr)},
           {"lag", window ? lag_json(window->corrected) : json(nullptr)},
           {"cpu_share", window ? rounded(window->cpu_share) : json(nullptr)},
           {"busy_share", window ? rounded(window->busy_share) : json(nullptr)},
           {"stall", loop.stall ? stall_summary_json(*loop.stall) : json(nullptr)},
           {"ended", std::move(ended)}};
  add_turns_and_pid(out, loop.turns, loop.pid);
  return out;
}

json page_cache_json(const sample& sample) {
  if (!sample.has_data_plane) return nullptr;
  const auto& outputs = sample.outputs;
  return {{"outputs_cached_bytes", outputs ? json(outputs->cached_bytes) : json(nullptr)},
          {"outputs_dirty_bytes", outputs ? json(outputs->dirty_bytes) : json(nullptr)},
          {"outputs_writeback_bytes", outputs ? json(outputs->writeback_bytes) : json(nullptr)},
          {"machine_dirty_bytes", or_null(sample.machine.dirty_bytes)},
          {"machine_writeback_bytes", or_null(sample.machine.writeback_bytes)}};
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
               const std::optional<monitor::window_figures>& last_second, std::optional<pid_t> pid) {
  json out{{"name", name},
           {"running", figures.running},
           {"stalled_for_ms", milliseconds(figures.stalled_for)},
           {"since_start", window_json(figures.total)},
           {"last_second", last_second ? window_json(*last_second) : json(nullptr)},
           {"ended_stalls", verdicts_json(figures)},
           {"reports", figures.reports},
           {"reports_suppressed", figures.reports_suppressed},
           {"callback_errors", figures.callback_errors},
           {"activities_dropped", figures.activities_dropped}};
  add_turns_and_pid(out, figures.handlers, pid);
  return out;
}

json active_run_json(const runs::active_run& run) {
  return {{"id", run.id},
          {"method", run.request.method->name},
          {"io", back_end_json(run.request)},
          {"count", run.request.count},
          {"started", timestamp(run.started)},
          {"progress", progress_json(run.request, run.progress)},
          {"elapsed_ms", milliseconds(run.progress.elapsed())}};
}

json finished_run_json(const runs::finished_run& ended) {
  const runs::active_run& run = *ended.run;
  return {{"id", run.id},
          {"method", run.request.method->name},
          {"io", back_end_json(run.request)},
          {"count", run.request.count},
          {"outcome", runs::to_string(ended.how)},
          {"error", text_or_null(ended.error)},
          {"started", timestamp(run.started)},
          {"took_ms", milliseconds(ended.took)},
          {"report", ended.report ? runs::to_json(*ended.report) : json(nullptr)}};
}

json sample_json(const sample& sample) {
  json loops = json::array();
  for (const auto& each : sample.loops) loops.push_back(loop_sample_json(each));
  json running = json::array();
  for (const auto& each : sample.running) running.push_back(active_run_json(*each));
  const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(sample.at.time_since_epoch());
  return {{"time", timestamp(sample.at)},
          {"unix_ms", since_1970.count()},
          {"monotonic_ms", milliseconds(sample.steady_at.time_since_epoch())},
          {"loops", std::move(loops)},
          {"process",
           {{"resident_bytes", or_null(sample.resident_bytes)},
            {"threads", or_null(sample.threads)},
            {"cpu_share", rounded(sample.cpu_share)}}},
          {"page_cache", page_cache_json(sample)},
          {"runs", std::move(running)},
          {"buffer", buffer_json(sample.buffer)}};
}

}  // namespace loopscope::admin
