#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>

#include "file/back_end.hpp"
#include "file/file_error.hpp"
#include "file/io_pool.hpp"
#include "measure/resident_memory.hpp"
#include "method.hpp"
#include "write_progress.hpp"
#include "write_report.hpp"

namespace loopscope::writers {

enum class durability { cache, disk };

inline constexpr std::uint64_t default_count = 1'000'000;
inline constexpr std::size_t default_high_water_mark_bytes = 64 * 1024;
inline constexpr std::chrono::microseconds default_slice{500};

/// What to write and how.
struct write_request {
  method id{};
  std::uint64_t count = default_count;
  selected_back_end io;  ///< used by methods that have a back end
  std::size_t high_water_mark_bytes = default_high_water_mark_bytes;
  std::optional<std::chrono::microseconds> slice;  ///< partition has default_slice without one, callback none
  durability durable = durability::cache;
  bool verify = false;
};

/// Where runs happen.
///
/// Lifetime: outlives its runs. Threads: shared by all loops.
struct write_environment {
  std::filesystem::path directory;
  io_pool& pool;
  peak_memory_meter& memory;
};

/// Where a method's output goes.
std::filesystem::path output_path(const std::filesystem::path& directory, method id);

/// Writes all records into output_path(): created under a temporary name, renamed when complete.
///
/// Completes with the report, or with what failed; operation_aborted when `stop` was requested in time. A failed or
/// cancelled run leaves nothing behind, and an earlier complete file as it was.
/// Threads: the strategy runs on the awaiting coroutine's executor (one thread of an io_context), files are opened,
/// synced, read back and renamed on the pool. `progress` may be read from any thread meanwhile.
/// Lifetime: environment and progress outlive the run.
boost::asio::awaitable<file_result<write_report>> run_write(write_request request, write_environment& environment,
                                                            write_progress& progress, std::stop_token stop);

}  // namespace loopscope::writers
