// SPDX-License-Identifier: MIT

#pragma once

#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "types.hpp"

namespace loopscope::http {

class body_stream;

/// What a handler answers. Content-Length, Date, Server, Connection and the CORS headers are the server's.
struct response {
  unsigned status = 200;
  std::string content_type;  ///< empty: no such header
  /// Names are literals of the program. A value with control characters is left out: nothing that a client
  /// sent can end a header.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Set: the body is what this writes, piece by piece, until it returns or the client is gone.
  std::function<task<void>(body_stream&)> stream;

  static response text(std::string body, unsigned status = 200);
  static response json(std::string body, unsigned status = 200);
  response&& with(std::string name, std::string value) && {
    headers.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }
};

/// "Not Found" for 404; "Unknown" for what no RFC names.
std::string_view reason_phrase(unsigned status);

/// What an answer says because of its request and connection, not because of its handler.
struct answer_context {
  std::string_view date = {};
  std::string_view allowed_origin = {};  ///< empty: no CORS headers
  bool vary_by_origin = false;
  bool http_1_1 = true;
  bool keep_alive = true;
  bool without_body = false;  ///< HEAD
};

/// Appends status line, headers and, unless it streams, the body.
void append_answer(std::string& out, const response& answer, const answer_context& context);

/// An answer that never changes, serialised once; appending it allocates nothing once `out` has grown.
class prepared_answer {
 public:
  explicit prepared_answer(const response& answer);
  void append_to(std::string& out, const answer_context& context) const;
  unsigned status() const noexcept { return status_; }

 private:
  unsigned status_;
  std::string start_;      // up to the Date's value
  std::string rest_;       // what follows the Date, the empty line and the body included
  std::string rest_head_;  // the same without the body
};

/// The Date header's value, formatted once a second. One per loop.
///
/// Source: RFC 9110, section 5.6.7 (IMF-fixdate).
class date_cache {
 public:
  std::string_view at(std::time_t now);
  /// Of the system clock, to the kernel's tick.
  std::string_view now();

 private:
  std::time_t formatted_ = -1;
  char text_[32] = {};
  std::size_t size_ = 0;
};

}  // namespace loopscope::http
