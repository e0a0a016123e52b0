#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/support/http_url.hpp"

namespace loopscope::probe {

struct header_field {
  std::string name;
  std::string value;
};

/// One request without the Host that it goes to.
struct request {
  std::string method = "GET";
  std::string target = "/";
  std::vector<header_field> headers{};
  std::optional<std::string> body{};
};

/// A method that RFC 9110 allows, apart from CONNECT: a tunnel is no answer.
bool is_method(std::string_view text);

/// RFC 9110, 9.2.2: asking twice does what asking once does, so a client may repeat it by itself.
bool is_idempotent(std::string_view method);

/// A method and a target, such as "POST /write?method=sync". Nothing for a method that HTTP does not define, CONNECT,
/// or a target that is not an absolute path with an optional query.
std::optional<request> parse_request_line(std::string_view text);

/// "Name: value". Nothing when the name is no token or the value has control characters.
std::optional<header_field> parse_header_field(std::string_view text);

/// Fields that the probe sets itself: another value would break the framing of its requests or end its connections.
bool is_own_field(std::string_view name);

/// The bytes of a request, to be sent on a connection that stays open. A field in `asked.headers` replaces the probe's
/// Host and User-Agent.
std::string request_text(const http_url& to, const request& asked);

}  // namespace loopscope::probe
