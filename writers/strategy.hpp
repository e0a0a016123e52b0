#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "file/async_file.hpp"
#include "file/blocking_file.hpp"
#include "file/io_pool.hpp"
#include "method.hpp"
#include "write_progress.hpp"

namespace loopscope::writers {

/// What a method writes, with what, and how it is told to stop.
///
/// Lifetime: everything outlives the strategy's completion.
struct write_task {
  std::uint64_t count;                             ///< records 0 .. count-1
  std::size_t high_water_mark_bytes;               ///< stream
  std::optional<std::chrono::microseconds> slice;  ///< partition needs one, callback may have one
  std::stop_token stop;
  io_pool& pool;
  blocking_file& file;   ///< sync, partition, offload write here
  async_file* back_end;  ///< promise, callback, stream write here; others do not look
  write_progress& progress;
};

/// Writes every record; completes when the kernel has them all (in the page cache, not on the device).
///
/// Errors: errno of the first failed write; operation_aborted once `stop` was requested and noticed.
/// Threads: runs on the awaiting coroutine's executor, one thread at a time; no write is in flight afterwards.
using strategy = boost::asio::awaitable<error_code> (*)(write_task& task);

strategy strategy_for(method id) noexcept;

boost::asio::awaitable<error_code> write_sync(write_task& task);
boost::asio::awaitable<error_code> write_promise(write_task& task);
boost::asio::awaitable<error_code> write_callback(write_task& task);
boost::asio::awaitable<error_code> write_stream(write_task& task);
boost::asio::awaitable<error_code> write_partition(write_task& task);
boost::asio::awaitable<error_code> write_offload(write_task& task);

/// The sync loop, on whichever thread calls it.
error_code blocking_write_records(write_task& task);

/// What `callback` keeps in memory when `count` records wait.
std::uint64_t callback_memory_bytes(std::uint64_t count) noexcept;

}  // namespace loopscope::writers
