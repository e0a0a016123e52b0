#include "sample.hpp"

#include "loop_json.hpp"
#include "runs_json.hpp"
#include "stall_json.hpp"

namespace loopscope::admin {
namespace {

json ended_json(const std::vector<monitor::stall_record>& ended) {
  json out = json::array();
  for (const auto& each : ended) out.push_back(stall_summary_json(each));
  return out;
}

json buffer_json(const std::optional<buffer_trace>& trace) {
  if (!trace) return nullptr;
  json readings = json::array();
  for (const auto& each : trace->readings) readings.push_back({microseconds(each.after), each.bytes});
  return {{"run", trace->run}, {"readings", std::move(readings)}};
}

json loop_sample_json(const sample::loop& loop) {
  const auto& window = loop.window;
  return {{"name", loop.name},
          {"running", loop.running},
          {"stalled_for_ms", milliseconds(loop.stalled_for)},
          {"stalls", loop.stalls},
          {"window_ms", window ? milliseconds(window->elapsed) : json(nullptr)},
          {"lag", window ? lag_json(window->corrected) : json(nullptr)},
          {"cpu_share", window ? rounded(window->cpu_share) : json(nullptr)},
          {"busy_share", window ? rounded(window->busy_share) : json(nullptr)},
          {"stall", loop.stall ? stall_summary_json(*loop.stall) : json(nullptr)},
          {"ended", ended_json(loop.ended)}};
}

json page_cache_json(const sample& what) {
  const auto& outputs = what.outputs;
  return {{"outputs_cached_bytes", outputs ? json(outputs->cached_bytes) : json(nullptr)},
          {"outputs_dirty_bytes", outputs ? json(outputs->dirty_bytes) : json(nullptr)},
          {"outputs_writeback_bytes", outputs ? json(outputs->writeback_bytes) : json(nullptr)},
          {"machine_dirty_bytes", or_null(what.machine.dirty_bytes)},
          {"machine_writeback_bytes", or_null(what.machine.writeback_bytes)}};
}

}  // namespace

json sample_json(const sample& what) {
  json loops = json::array();
  for (const auto& each : what.loops) loops.push_back(loop_sample_json(each));
  json running = json::array();
  for (const auto& each : what.running) running.push_back(active_run_json(*each));
  const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(what.at.time_since_epoch());
  return {{"time", timestamp(what.at)},
          {"unix_ms", since_1970.count()},
          {"monotonic_ms", milliseconds(what.steady_at.time_since_epoch())},
          {"loops", std::move(loops)},
          {"process",
           {{"resident_bytes", or_null(what.resident_bytes)},
            {"threads", or_null(what.threads)},
            {"cpu_share", rounded(what.cpu_share)}}},
          {"page_cache", page_cache_json(what)},
          {"runs", std::move(running)},
          {"buffer", buffer_json(what.buffer)}};
}

}  // namespace loopscope::admin
