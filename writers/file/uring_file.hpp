#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/random_access_file.hpp>
#include <cstdint>
#include <deque>
#include <vector>

#include "async_file.hpp"
#include "operation_queue.hpp"
#include "ring_share.hpp"

namespace loopscope::writers {

/// Gives a loop its ring, which its first uring_file would do otherwise. Best before there is load: when Asio
/// (Boost 1.81) is out of descriptors half-way, it closes one twice, which may be somebody else's by then.
///
/// Errors: throws system_error. Threads: before the loop runs, or on it.
void set_up_ring(boost::asio::io_context& loop);

/// The `uring` back end: Asio's file objects, each write at an offset of its own, so that the file is in order
/// whichever the kernel completes first.
///
/// An Asio file keeps one write in the kernel, so writes that are under way together have a file object each, as many
/// as ring_share lets. (Several at the file's current position would lose data.)
///
/// Errors: construction throws system_error when the ring cannot be set up; see uring_support. Where a write failed
/// and later ones did not, the file has a gap.
/// Threads, cancellation: see async_file. The executor belongs to an io_context.
/// Lifetime: see async_file; `descriptor` stays open for as long.
class uring_file final : public async_file, private ring_share::user {
 public:
  /// Writes a new file from its start.
  uring_file(boost::asio::any_io_executor executor, int descriptor);
  ~uring_file() { share_.withdraw(*this); }

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
  ring_share& share_;
  std::deque<lane> lanes_;
  std::vector<lane*> idle_;
  operation_queue waiting_;
  std::uint64_t next_offset_ = 0;
  bool cancelled_ = false;
  std::atomic<std::uint64_t> write_calls_{0};
};

}  // namespace loopscope::writers
