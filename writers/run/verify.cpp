// SPDX-License-Identifier: MIT

#include "verify.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <limits>

namespace loopscope::writers {
namespace {

using boost::system::error_code;

constexpr std::size_t read_chunk_bytes = 256 * 1024;

}  // namespace

void record_checker::feed(std::span<const std::byte> text) {
  for (const std::byte each : text) feed(static_cast<char>(each));
}

void record_checker::feed(char c) {
  if (malformed_) return;
  const bool digit = c >= '0' && c <= '9';
  switch (state_) {
    case state::before:
      malformed_ = c != ' ';
      state_ = state::first_digit;
      return;
    case state::first_digit:
      malformed_ = !digit;
      number_ = static_cast<std::uint64_t>(c - '0');
      state_ = state::digits;
      return;
    case state::digits:
      if (c == ' ') {
        state_ = state::before;
        accept(number_);
      } else {
        const bool leading_zero = number_ == 0;
        const bool too_long = number_ > std::numeric_limits<std::uint64_t>::max() / 10 - 1;
        malformed_ = !digit || leading_zero || too_long;
        number_ = number_ * 10 + static_cast<std::uint64_t>(c - '0');
      }
      return;
  }
}

void record_checker::accept(std::uint64_t number) {
  if (number >= count_) {
    malformed_ = true;
    return;
  }
  if (number != position_ && seen_.empty()) {
    figures_.first_out_of_order = position_;
    seen_.resize(count_);
    std::fill_n(seen_.begin(), position_, true);
  }
  if (!seen_.empty()) {
    if (seen_[number]) malformed_ = true;
    seen_[number] = true;
    if (number < largest_) ++figures_.out_of_order_records;
  }
  largest_ = std::max(largest_, number);
  ++position_;
}

content_figures record_checker::finish() const {
  content_figures figures = figures_;
  figures.complete = !malformed_ && state_ == state::before && position_ == count_;
  figures.in_order = figures.complete && seen_.empty();
  return figures;
}

std::uint64_t verify_memory_bytes(std::uint64_t count) noexcept {
  return read_chunk_bytes + count / 8 + 1;
}

boost::system::result<content_figures> blocking_verify(int descriptor, std::uint64_t count,
                                                       const std::stop_token& stop) {
  record_checker checker{count};
  std::vector<std::byte> chunk(read_chunk_bytes);
  for (off_t offset = 0;;) {
    if (stop.stop_requested()) return error_code{boost::asio::error::operation_aborted};
    const ssize_t size = ::pread(descriptor, chunk.data(), chunk.size(), offset);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return error_code{errno, boost::system::system_category()};
    if (size == 0) return checker.finish();
    checker.feed(std::span{chunk}.first(static_cast<std::size_t>(size)));
    offset += size;
  }
}

}  // namespace loopscope::writers
