// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "../file/async_file.hpp"
#include "../file/blocking_file.hpp"
#include "../io_pool.hpp"
#include "../write_progress.hpp"

namespace loopscope::writers {

/// The input of a method's run function.
///
/// Lifetime: everything outlives the completion of the run function.
struct write_task {
  std::uint64_t count;                             ///< records 0 .. count-1
  std::size_t high_water_mark_bytes;               ///< for methods with a buffer
  std::optional<std::chrono::microseconds> slice;  ///< for methods that take one: the request's or their default
  std::stop_token stop;
  io_pool& pool;
  blocking_file& file;   ///< for methods that use no back end
  async_file* back_end;  ///< for methods with back_end_use::any; nullptr for the others
  write_progress& progress;
};

/// Writes the records first .. last-1, at least one, and then counts them. Errors: see method::run.
error_code blocking_write_records(write_task& task, std::uint64_t first, std::uint64_t last);

/// The sync loop, on the calling thread. Errors: see method::run.
error_code blocking_write_records(write_task& task);

}  // namespace loopscope::writers
