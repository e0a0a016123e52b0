// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dirty_pages.hpp"
#include "loop_states.hpp"
#include "server/monitor/snapshot.hpp"
#include "server/monitor/stall_record.hpp"
#include "server/runs/run_registry.hpp"
#include "sources.hpp"

namespace loopscope::admin {

/// How full a stream's buffer was during about four of its cycles. It fills and drains thousands of times a second,
/// which one reading every 100 ms cannot show.
struct buffer_trace {
  struct reading {
    std::chrono::nanoseconds after{0};  ///< since the first reading
    std::uint64_t bytes = 0;            ///< accepted and not yet written
  };

  std::uint64_t run = 0;
  std::vector<reading> readings;
};

/// Reads the buffer of the first stream among `running` 64 times; nullopt without a stream.
///
/// Takes at most 16 ms. While a cycle is shorter than a millisecond it does not sleep between the readings, because a
/// sleep is too coarse: that costs at most 4 ms of CPU time per sample, and only while a stream runs and /events has a
/// subscriber.
std::optional<buffer_trace> blocking_trace_buffer(std::span<const std::shared_ptr<const runs::active_run>> running);

/// The content of one event of /events. A value, except for `running`, whose progress is read when it becomes JSON.
///
/// To add a value: a member here, a line in sample_collector::blocking_collect() and a name in sample_json().
struct sample {
  struct loop {
    std::string name;
    bool running = false;
    std::chrono::nanoseconds stalled_for{0};
    std::uint64_t stalls = 0;  ///< since the start, including the one in progress
    std::optional<monitor::window_figures> window;
    std::optional<monitor::stall_record> stall;  ///< the one in progress
    std::vector<monitor::stall_record> ended;    ///< the most recent ones, newest first
    std::optional<pid_t> pid{};                  ///< of a loop of another process
    std::optional<monitor::handler_times> turns{};
  };

  std::chrono::system_clock::time_point at{};
  std::chrono::steady_clock::time_point steady_at{};  ///< the same moment on the clock that cannot be set
  std::vector<loop> loops;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> threads;
  /// CPU time of all threads since the previous sample, divided by the time between both: 1 is one CPU. nullopt in the
  /// first sample.
  std::optional<double> cpu_share;
  bool has_data_plane = true;  ///< otherwise the members below are empty
  machine_dirty_pages machine;
  std::optional<system::page_cache_figures> outputs;
  std::vector<std::shared_ptr<const runs::active_run>> running;
  std::optional<buffer_trace> buffer;
};

/// Takes the samples of /events. The windows of a sample begin where those of the previous one end.
///
/// Threads: one. Lifetime: `source` outlives *this.
class sample_collector {
 public:
  explicit sample_collector(const sources& source) : source_(source), last_at_(std::chrono::steady_clock::now()) {
    states_.update(source_.loops());
  }

  /// Reads kernel files and opens the outputs, so it may wait for the disk.
  sample blocking_collect();

 private:
  /// The ended stalls of a loop at the previous sample.
  struct ended_stalls {
    std::uint64_t stalls = 0;
    bool one_in_progress = false;
    std::vector<monitor::stall_record> newest;
  };

  struct loop_state {
    explicit loop_state(const monitor::loop_watch& watch) : window(watch.interval()) {}

    monitor::interval_reader window;
    ended_stalls ended;
  };

  sample::loop read_loop(const metrics::loop_source& loop);
  void blocking_add_data_plane(sample& to) const;
  static void add_stalls(sample::loop& to, const monitor::loop_watch& watch, ended_stalls& known);
  std::optional<double> cpu_share(std::optional<std::chrono::nanoseconds> cpu);

  const sources& source_;
  loop_states<loop_state> states_;
  std::chrono::steady_clock::time_point last_at_;
  std::optional<std::chrono::nanoseconds> last_cpu_;
};

}  // namespace loopscope::admin
