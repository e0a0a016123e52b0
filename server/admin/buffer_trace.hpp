#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "server/runs/run_registry.hpp"

namespace loopscope::admin {

/// How full a stream's buffer was over some four of its cycles: it fills and drains thousands of times a second,
/// which samples of every 100 ms cannot show.
struct buffer_trace {
  struct reading {
    std::chrono::nanoseconds after{0};  ///< since the first
    std::uint64_t bytes = 0;            ///< accepted and not yet written
  };

  std::uint64_t run = 0;
  std::vector<reading> readings;
};

/// Of the first stream in `running`; absent when there is none. Takes 64 readings, 16 ms at most.
std::optional<buffer_trace> blocking_trace_buffer(std::span<const std::shared_ptr<const runs::active_run>> running);

}  // namespace loopscope::admin
