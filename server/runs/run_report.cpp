// SPDX-License-Identifier: MIT

#include "run_report.hpp"

#include <cmath>

#include "server/support/json_values.hpp"

namespace loopscope::runs {
namespace {

using json = nlohmann::ordered_json;
using std::chrono::nanoseconds;

json per_second(std::uint64_t amount, nanoseconds time) {
  if (time.count() <= 0) return nullptr;
  return std::round(static_cast<double>(amount) / (static_cast<double>(time.count()) / 1e9));
}

json loop_json(const std::optional<monitor::window_figures>& loop) {
  if (!loop) return nullptr;
  return {{"lag_p50_us", microseconds(loop->corrected.p50)},
          {"lag_p99_us", microseconds(loop->corrected.p99)},
          {"lag_max_us", microseconds(loop->corrected.max)},
          {"stalls", loop->stalls},
          {"longest_stall_ms", milliseconds(loop->longest_stall)}};
}

json page_cache_json(const std::optional<system::page_cache_figures>& cache) {
  if (!cache) return {{"cached_bytes", nullptr}, {"dirty_bytes", nullptr}, {"writeback_bytes", nullptr}};
  return {{"cached_bytes", cache->cached_bytes},
          {"dirty_bytes", cache->dirty_bytes},
          {"writeback_bytes", cache->writeback_bytes}};
}

json content_json(const std::optional<writers::content_figures>& content) {
  if (!content)
    return {{"checked", false},
            {"complete", nullptr},
            {"in_order", nullptr},
            {"out_of_order_records", nullptr},
            {"first_out_of_order", nullptr}};
  return {{"checked", true},
          {"complete", content->complete},
          {"in_order", content->in_order},
          {"out_of_order_records", content->out_of_order_records},
          {"first_out_of_order", or_null(content->first_out_of_order)}};
}

}  // namespace

json to_json(const run_report& report) {
  const writers::write_report& write = report.write;
  return {
      {"run_id", report.run_id},
      {"method", write.method->name},
      {"io", write.io ? json(writers::to_string(*write.io)) : json(nullptr)},
      {"io_reason", write.io_reason},
      {"count", write.count},
      {"bytes", write.bytes},
      {"file", write.file},
      {"copies_per_record", write.method->copies_per_record},
      {"timing_ms",
       {{"queued", milliseconds(write.queued)},
        {"completed", milliseconds(write.completed)},
        {"durable", milliseconds(write.durable)}}},
      {"throughput",
       {{"records_per_s", per_second(write.count, write.completed)},
        {"bytes_per_s", per_second(write.bytes, write.completed)}}},
      {"syscalls", {{"write", write.write_calls}, {"fsync", write.sync_calls}}},
      {"memory",
       {{"rss_before_bytes", or_null(write.memory.before_bytes)},
        {"rss_peak_bytes", or_null(write.memory.peak_bytes)},
        {"rss_after_bytes", or_null(write.memory.after_bytes)},
        {"pending_peak_records", write.pending_peak_records},
        {"pending_peak_bytes", write.pending_peak_bytes}}},
      {"cpu",
       {{"process_user_ms", milliseconds(write.cpu.process_user)},
        {"process_system_ms", milliseconds(write.cpu.process_system)},
        {"loop_thread_ms", milliseconds(write.cpu.this_thread)}}},
      {"loop", loop_json(report.loop)},
      {"backpressure",
       {{"high_water_mark", or_null(write.high_water_mark_bytes)},
        {"drains", or_null(write.drains)},
        {"waited_ms", milliseconds(write.waited)}}},
      {"page_cache", page_cache_json(write.page_cache)},
      {"content", content_json(write.content)},
  };
}

}  // namespace loopscope::runs
