// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/random_access_file.hpp>
#include <cstdint>
#include <deque>
#include <vector>

#include "async_file.hpp"
#include "ring_limiter.hpp"

namespace loopscope::writers {

/// Creates a loop's ring ahead of its first uring_file. Call it before there is load: if Asio (Boost 1.81) runs out of
/// descriptors half-way, it closes one descriptor twice, and the number may belong to another file by then.
///
/// Errors: throws system_error. Threads: before the loop runs, or on it.
void set_up_ring(boost::asio::io_context& loop);

/// The `uring` back end: Asio's file objects. Each write has its own offset, so the file is in order whatever the order
/// of completions.
///
/// An Asio file object keeps one write in the kernel, so each write in flight has a file object of its own, up to
/// ring_limiter's bound. (Concurrent writes at the file's current position would lose data.)
///
/// Errors: construction throws system_error if the ring cannot be set up; see uring_support. If a write failed and
/// later ones did not, the file has a gap.
/// Threads, cancellation: see async_file. The executor belongs to an io_context.
/// Lifetime: see async_file; `descriptor` stays open for as long.
class uring_file final : public async_file, private ring_limiter::user {
 public:
  /// Writes a new file from its start.
  uring_file(boost::asio::any_io_executor executor, int descriptor);
  ~uring_file() override { limiter_.cancel(*this); }

  void start(write_operation& operation) noexcept override;
  void cancel() noexcept override;
  /// Write operations given to the ring so far. Threads: any.
  std::uint64_t write_calls() const noexcept { return write_calls_.load(std::memory_order_relaxed); }

 private:
  /// An Asio file object on the descriptor, which it does not own, and its write.
  struct lane {
    lane(const boost::asio::any_io_executor& executor, int descriptor) : file(executor, descriptor) {}
    ~lane();
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    boost::asio::random_access_file file;
    write_operation* current = nullptr;
    std::uint64_t offset = 0;
  };

  bool begin_write() noexcept override;
  lane& idle_lane();
  void write_current(lane& on);
  void on_written(lane& on, error_code error, std::size_t written) noexcept;

  const boost::asio::any_io_executor executor_;
  const int descriptor_;
  ring_limiter& limiter_;
  std::deque<lane> lanes_;
  std::vector<lane*> idle_;
  operation_queue waiting_;
  std::uint64_t next_offset_ = 0;
  bool cancelled_ = false;
  std::atomic<std::uint64_t> write_calls_{0};
};

}  // namespace loopscope::writers
