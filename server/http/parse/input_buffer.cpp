// SPDX-License-Identifier: MIT

#include "input_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace loopscope::http {
namespace {

// Holds what wrk, curl and most browsers send; kept by each idle connection.
constexpr std::size_t initial_bytes = 2048;
// Below this much room a read is not worth its system call.
constexpr std::size_t min_room_bytes = 512;

}  // namespace

std::span<char> input_buffer::prepare() {
  if (capacity_ - end_ < min_room_bytes) make_room();
  reading_ = end_ < capacity_;
  return {memory_.get() + end_, capacity_ - end_};
}

void input_buffer::make_room() {
  const auto held = end_ - begin_;
  auto wanted = capacity_;
  if (wanted - held < min_room_bytes) wanted = std::min(std::max(initial_bytes, capacity_ * 2), max_bytes_);
  if (wanted > capacity_) {
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    if (held > 0) std::memcpy(grown.get(), memory_.get() + begin_, held);
    memory_ = std::move(grown);
    capacity_ = wanted;
  } else if (begin_ > 0) {
    std::memmove(memory_.get(), memory_.get() + begin_, held);
  }
  begin_ = 0;
  end_ = held;
}

void input_buffer::commit(std::size_t read_bytes) noexcept {
  reading_ = false;
  end_ += read_bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

void input_buffer::consume(std::size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ == end_ && !reading_) begin_ = end_ = 0;
}

void input_buffer::shrink_if_empty() {
  if (!empty() || reading_ || capacity_ <= initial_bytes) return;
  memory_ = std::make_unique_for_overwrite<char[]>(initial_bytes);
  capacity_ = initial_bytes;
  begin_ = end_ = 0;
}

}  // namespace loopscope::http
