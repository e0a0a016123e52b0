#pragma once

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <span>
#include <vector>

namespace loopscope::writers {

using boost::system::error_code;

/// Collects small records into large chunks and tells the producer when to pause: no I/O, only the contract.
///
/// write() takes the data in any case and answers whether the producer may go on; at the high-water mark it
/// answers false, and the producer waits until flushed() has said `drain`. What is being flushed counts as
/// buffered until it is written. After end(), the last flush says `finish`.
///
/// Units: bytes. Errors: after a failed flush, and after end(), write() takes nothing and answers false; error()
/// says why. Threads: one at a time. Lifetime: a chunk from begin_flush() is valid until flushed().
/// Source: the high-water mark, drain and finish contract of Node.js stream.Writable.
class stream_buffer {
 public:
  enum class event { none, drain, finish, failed };

  explicit stream_buffer(std::size_t high_water_mark_bytes);

  bool write(std::span<const std::byte> data);
  /// The same without a copy: room at the end of the buffer, valid until the next call, and then how much of it was
  /// taken. (A record that is copied right after it was formatted costs twice as much: the
  /// wide loads of the copy wait for the narrow stores of the digits.)
  std::span<std::byte> prepare(std::size_t most_bytes) { return filling_.prepare(most_bytes); }
  bool commit(std::size_t size_bytes) {
    if (ended_ || error_) return refuse();
    filling_.commit(size_bytes);
    if (buffered_bytes() >= high_water_mark_bytes_) needs_drain_ = true;
    return !needs_drain_;
  }
  /// No more data will come. Answers finish when there is nothing left to flush.
  event end();

  /// Everything that is buffered and not in flight, now in flight; empty when there is nothing to do.
  std::span<const std::byte> begin_flush();
  /// The chunk in flight was written, or failed.
  event flushed(error_code error = {});

  std::size_t buffered_bytes() const noexcept { return filling_.size_bytes() + in_flight_.size_bytes(); }
  std::size_t high_water_mark_bytes() const noexcept { return high_water_mark_bytes_; }
  /// How much more can be written before the producer is to pause; 0 at the mark and beyond.
  std::size_t bytes_to_mark() const noexcept {
    return high_water_mark_bytes_ - std::min(high_water_mark_bytes_, buffered_bytes());
  }
  bool needs_drain() const noexcept { return needs_drain_; }
  const error_code& error() const noexcept { return error_; }

 private:
  class chunk {
   public:
    std::size_t size_bytes() const noexcept { return size_; }
    std::span<const std::byte> bytes() const noexcept { return {storage_.data(), size_}; }
    std::span<std::byte> prepare(std::size_t most_bytes) {
      if (most_bytes > storage_.size() - size_) storage_.resize(2 * (storage_.size() + most_bytes));
      return {storage_.data() + size_, most_bytes};
    }
    void commit(std::size_t more_bytes) noexcept { size_ += more_bytes; }
    void clear() noexcept { size_ = 0; }

   private:
    std::vector<std::byte> storage_;
    std::size_t size_ = 0;
  };

  bool refuse();
  event finish_if_done();

  std::size_t high_water_mark_bytes_;
  chunk filling_;
  chunk in_flight_;
  bool needs_drain_ = false;
  bool ended_ = false;
  error_code error_;
};

}  // namespace loopscope::writers
