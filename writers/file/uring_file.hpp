#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/stream_file.hpp>
#include <cstdint>
#include <memory>

#include "async_file.hpp"
#include "operation_queue.hpp"

namespace loopscope::writers {

/// Gives a loop its ring, which its first uring_file would do otherwise. Best before there is load: when Asio (Boost 1.81)
/// is out of descriptors half-way, it closes one twice, which may be somebody else's by then.
///
/// Errors: throws system_error. Threads: before the loop runs, or on it.
void set_up_ring(boost::asio::io_context& loop);

/// The `uring` back end: Asio's stream_file, one write in the kernel at a time, in order.
///
/// Several writes at the current position of one file lose data in the kernel, so later ones wait here.
/// Errors: construction throws system_error when the ring cannot be set up; see uring_support.
/// Threads, lifetime, cancellation: see async_file. The executor belongs to an io_context.
class uring_file final : public async_file {
 public:
  /// Writes a new file from its start through `descriptor`, which it duplicates.
  uring_file(boost::asio::any_io_executor executor, int descriptor);

  void start(write_operation& operation) override;
  void cancel() override;
  /// Write operations given to the ring so far. Threads: any.
  std::uint64_t write_calls() const noexcept { return write_calls_.load(std::memory_order_relaxed); }

 private:
  void write_next();
  void write_current();
  void on_written(error_code error, std::size_t written);

  boost::asio::stream_file file_;
  operation_queue waiting_;
  write_operation* current_ = nullptr;
  std::uint64_t position_ = 0;
  bool cancelled_ = false;
  std::atomic<std::uint64_t> write_calls_{0};
};

}  // namespace loopscope::writers
