// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace loopscope::http {

/// The bytes that a connection has read and not yet used.
///
/// Starts small, grows on demand to its bound, and gives the growth back when it is idle. Bytes may be used
/// while a read is in flight: between prepare() and commit() nothing moves.
class input_buffer {
 public:
  explicit input_buffer(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

  /// Room to read into; empty when the bound is reached. Ends with commit().
  std::span<char> prepare();
  void commit(std::size_t read_bytes) noexcept;

  std::string_view data() const noexcept { return {memory_.get() + begin_, end_ - begin_}; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return begin_ == end_; }
  bool full() const noexcept { return end_ - begin_ >= max_bytes_; }
  void consume(std::size_t bytes) noexcept;
  /// Frees what is more than the initial size; for a connection that waits.
  void shrink_if_empty();

 private:
  void make_room();

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t max_bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool reading_ = false;
};

}  // namespace loopscope::http
