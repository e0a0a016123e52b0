// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <string_view>

#include "../limits.hpp"

namespace loopscope::http {

/// A request that cannot be served: the status to answer and a sentence for the client.
struct refusal {
  unsigned status = 0;
  std::string_view detail;  ///< a literal
  explicit operator bool() const noexcept { return status != 0; }
};

/// Finds the end of a request's header in bytes that arrive piecemeal, and refuses early what can never
/// become valid, so that a broken request is answered at once and not after a time-out.
///
/// Looks at lines only (ends, folding, size, version); the fields are the parser's.
/// Source: RFC 9112, sections 2.2, 2.3, 5.2.
class head_scanner {
 public:
  enum class state { need_more, complete, refused };

  explicit head_scanner(const limits& bounds) noexcept : limits_(&bounds) {}

  /// `buffered` starts at the request's first byte and only grows between calls.
  state scan(std::string_view buffered);

  /// Bytes up to and including the empty line, once complete.
  std::size_t head_size() const noexcept { return scanned_; }
  const refusal& reason() const noexcept { return refusal_; }
  void reset() noexcept;

 private:
  state refuse(unsigned status, std::string_view detail) noexcept;
  state scan_rest(std::string_view buffered);
  refusal check_line(std::string_view line) const;

  const limits* limits_;
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t checked_ = 0;  // of a line that has not ended
  std::size_t lines_ = 0;
  refusal refusal_;
};

}  // namespace loopscope::http
