// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "../types.hpp"
#include "head_scanner.hpp"

namespace loopscope::http {

/// One header field; views into the request that holds it.
struct header {
  field id = field::unknown;
  std::string_view name;
  std::string_view value;
};

/// What the header fields of a request mean together.
struct head_facts {
  refusal wrong;                                ///< set: nothing else counts, answer this and close
  std::string_view host;                        ///< empty only in HTTP/1.0
  std::optional<std::uint64_t> content_length;  ///< as sent
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = false;
};

/// Judges Host, Content-Length, Transfer-Encoding, Expect and Connection: the rules that keep a request's end
/// beyond doubt and that the parser does not check.
/// Source: RFC 9110, sections 7.2, 8.6, 10.1.1; RFC 9112, sections 3.2, 6, 9.3.
head_facts judge_head(std::span<const header> headers, bool http_1_1);

}  // namespace loopscope::http
