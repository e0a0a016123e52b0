// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <span>
#include <vector>

namespace loopscope::writers {

using boost::system::error_code;

/// Collects small records into large chunks and tells the producer when to pause. It does no I/O.
///
/// commit() accepts the data in any case and returns whether the producer may continue. At the high-water mark it
/// returns false, and the producer waits until flushed() has returned `drain`. A chunk in flight counts as buffered
/// until it is written. After end(), the last flush returns `finish`.
///
/// Units: bytes. Errors: after a failed flush, and after end(), commit() accepts nothing and returns false; error()
/// gives the reason. Threads: one at a time. Lifetime: a chunk from begin_flush() is valid until flushed().
/// Source: the high-water mark, drain and finish contract of Node.js stream.Writable.
class stream_buffer {
 public:
  enum class event { none, drain, finish, failed };

  explicit stream_buffer(std::size_t high_water_mark_bytes);

  /// Room at the end of the buffer, valid until the next call. The producer formats into it and then commits what it
  /// used. (Copying a record right after formatting it costs twice as much: the wide loads of the copy wait for the
  /// narrow stores of the digits.)
  std::span<std::byte> prepare(std::size_t max_bytes) { return filling_.prepare(max_bytes); }
  bool commit(std::size_t size_bytes) {
    if (ended_ || error_) return refuse();
    filling_.commit(size_bytes);
    if (buffered_bytes() >= high_water_mark_bytes_) needs_drain_ = true;
    return !needs_drain_;
  }
  /// No more data will come. Returns `finish` if there is nothing left to flush.
  event end();

  /// Puts everything that is buffered in flight and returns it. Empty: nothing is buffered, or a chunk is in flight.
  std::span<const std::byte> begin_flush();
  /// The chunk in flight was written, or failed.
  event flushed(error_code error = {});

  std::size_t buffered_bytes() const noexcept { return filling_.size_bytes() + in_flight_.size_bytes(); }
  /// Bytes that can be committed before the producer has to pause; 0 at the mark and beyond.
  std::size_t bytes_to_mark() const noexcept {
    return high_water_mark_bytes_ - std::min(high_water_mark_bytes_, buffered_bytes());
  }
  const error_code& error() const noexcept { return error_; }

 private:
  class chunk {
   public:
    std::size_t size_bytes() const noexcept { return size_; }
    std::span<const std::byte> bytes() const noexcept { return {storage_.data(), size_}; }
    std::span<std::byte> prepare(std::size_t max_bytes) {
      if (max_bytes > storage_.size() - size_) storage_.resize(2 * (storage_.size() + max_bytes));
      return {storage_.data() + size_, max_bytes};
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
