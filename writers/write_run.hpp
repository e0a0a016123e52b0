// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "back_end.hpp"
#include "file_error.hpp"
#include "io_pool.hpp"
#include "method.hpp"
#include "system/process.hpp"
#include "write_progress.hpp"
#include "write_report.hpp"

namespace loopscope::writers {

enum class durability { cache, disk };

inline constexpr std::uint64_t default_count = 1'000'000;
inline constexpr std::size_t default_high_water_mark_bytes = 64 * 1024;

/// One write: everything that a user can choose.
///
/// Lifetime: whoever starts the run owns it, until the run has completed; everybody else refers to it.
struct write_request {
  const writers::method* method = nullptr;  ///< never null in a request that is run
  std::uint64_t count = default_count;
  selected_back_end io;  ///< for methods with back_end_use::any
  std::size_t high_water_mark_bytes = default_high_water_mark_bytes;
  std::optional<std::chrono::microseconds> slice;  ///< nullopt: the method's default
  durability durable = durability::cache;
  bool verify = false;
};

/// Where runs happen.
///
/// Lifetime: outlives its runs. Threads: shared by all loops.
struct write_environment {
  std::filesystem::path directory;
  io_pool& pool;
  system::peak_memory_meter& memory;
};

/// The file that a method writes.
std::filesystem::path output_path(const std::filesystem::path& directory, const method& method);

/// Writes all records into output_path(): created under a temporary name, renamed when complete.
///
/// Completes with the report or the error; the error is operation_aborted if `stop` was requested in time. If a run
/// fails or is cancelled, the partial file is removed and an earlier complete file is kept.
/// `blocking_at_end` is called on a pool thread when a run has completed, before the report is delivered; may be empty.
/// Threads: the method runs on the awaiting coroutine's executor (one thread of an io_context). Files are opened,
/// synced, read back and renamed on the pool. `progress` may be read from any thread meanwhile.
/// Lifetime: request, environment and progress outlive the run.
boost::asio::awaitable<file_result<write_report>> run_write(const write_request& request,
                                                            write_environment& environment, write_progress& progress,
                                                            std::stop_token stop,
                                                            std::function<void()> blocking_at_end = {});

}  // namespace loopscope::writers
