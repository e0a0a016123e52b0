// SPDX-License-Identifier: MIT

#pragma once

#include <bitset>
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

/// One request without its Host field.
struct http_request {
  std::string method = "GET";
  std::string target = "/";
  std::vector<header_field> headers{};
  std::optional<std::string> body{};
};

/// True for the methods that RFC 9110 allows, except CONNECT: a tunnel has no response to measure.
bool is_method(std::string_view text);

/// True for methods that a client may repeat (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method);

/// Parses a method and a target, such as "POST /write?method=sync". nullopt for a method that HTTP does not define, for
/// CONNECT, and for a target that is not an absolute path with an optional query.
std::optional<http_request> parse_request_line(std::string_view text);

/// Parses "Name: value". nullopt if the name is not a token or the value has control characters.
std::optional<header_field> parse_header_field(std::string_view text);

/// True for fields that only the probe may set: another value would break the framing of its requests or end its
/// connections.
bool is_own_field(std::string_view name);

/// The bytes of a request on a persistent connection. A field in `request.headers` replaces the probe's Host and
/// User-Agent.
std::string request_text(const http_url& url, const http_request& request);

/// The statuses of successful responses; 2xx by default.
class expected_statuses {
 public:
  static constexpr const char* allowed =
      "a comma-separated list of statuses (200 to 599) and classes (2xx to "
      "5xx)";

  expected_statuses();
  /// Parses text such as "2xx" or "200,429"; nullopt for text that is not `allowed`.
  static std::optional<expected_statuses> parse(std::string_view text);

  bool match(unsigned status) const { return status < statuses_.size() && statuses_[status]; }
  /// The text that was parsed.
  const std::string& text() const { return text_; }

 private:
  bool add(std::string_view item);

  std::bitset<600> statuses_;
  std::string text_;
};

}  // namespace loopscope::probe
