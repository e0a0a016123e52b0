#pragma once

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

}  // namespace loopscope::http
