#include "runs_json.hpp"

#include "writers/method.hpp"

namespace loopscope::admin {
namespace {

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

/// What does not apply to a method is null.
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

}  // namespace

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

}  // namespace loopscope::admin
