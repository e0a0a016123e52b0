// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>

namespace loopscope::writers {

/// Two spaces and the 20 digits of the largest 64-bit number.
inline constexpr std::size_t max_record_bytes = 22;

/// Writes the text of one record to `text`, a space, the decimal number, a space, and returns its size in bytes.
///
/// Source: `write(fd, ` ${index} `)` of the Node.js articles; a million records are 7,888,890 bytes.
inline std::size_t format_record(std::uint64_t number, std::span<std::byte, max_record_bytes> text) noexcept {
  char* const begin = reinterpret_cast<char*>(text.data());
  *begin = ' ';
  char* const end = std::to_chars(begin + 1, begin + max_record_bytes - 1, number).ptr;
  *end = ' ';
  return static_cast<std::size_t>(end + 1 - begin);
}

/// One record that owns its text.
///
/// Lifetime: bytes() is valid until the next format() or the record's end.
class record {
 public:
  record() = default;
  explicit record(std::uint64_t number) noexcept { format(number); }

  void format(std::uint64_t number) noexcept { size_ = static_cast<std::uint8_t>(format_record(number, text_)); }
  std::span<const std::byte> bytes() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<std::byte, max_record_bytes> text_;
  std::uint8_t size_ = 0;
};

/// How many bytes the records 0 .. count-1 take.
constexpr std::uint64_t total_bytes(std::uint64_t count) noexcept {
  std::uint64_t bytes = 2 * count;
  std::uint64_t first_of_width = 0;
  for (std::uint64_t digits = 1, limit = 10;; ++digits, limit *= 10) {
    const bool last_width = count <= limit || digits == 19;
    bytes += digits * ((last_width ? count : limit) - first_of_width);
    if (last_width) return bytes;
    first_of_width = limit;
  }
}

static_assert(total_bytes(1'000'000) == 7'888'890);

}  // namespace loopscope::writers
