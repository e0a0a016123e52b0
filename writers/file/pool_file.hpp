// SPDX-License-Identifier: MIT

#pragma once

#include <memory>

#include "../io_pool.hpp"
#include "async_file.hpp"
#include "blocking_file.hpp"

namespace loopscope::writers {

/// The `threads` back end: pool threads call pwrite(2), as libuv's call write(2).
///
/// Operations in flight reach the file in the order in which threads take them, so their order is not kept; each is
/// written whole. Threads, lifetime, cancellation: see async_file. The blocking file and the pool outlive it. The bytes
/// are written on pool threads; completions run on the executor, a bounded number per turn of the loop.
class pool_file final : public async_file {
 public:
  pool_file(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file);
  ~pool_file() override;
  pool_file(const pool_file&) = delete;
  pool_file& operator=(const pool_file&) = delete;

  void start(write_operation& operation) noexcept override;
  void start_all(operation_queue& operations) noexcept override;
  void cancel() noexcept override;

 private:
  class shared_state;
  write_workers& workers_;
  std::shared_ptr<shared_state> state_;
};

}  // namespace loopscope::writers
