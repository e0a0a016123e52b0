// SPDX-License-Identifier: MIT

#include "head_rules.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <charconv>

#include "target.hpp"

namespace loopscope::http {
namespace {

boost::beast::string_view beast_view(std::string_view text) {
  return {text.data(), text.size()};
}

bool equals(boost::beast::string_view a, const char* b) {
  return boost::beast::iequals(a, b);
}

std::optional<std::uint64_t> whole_number(std::string_view digits) {
  std::uint64_t value = 0;
  // from_chars takes a minus sign for no unsigned type, and never a plus sign.
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

refusal check_transfer_encoding(std::string_view value, bool http_1_1) {
  if (!http_1_1) return {400, "Transfer-Encoding does not exist in HTTP/1.0."};
  std::size_t codings = 0;
  std::size_t chunked_at = 0;
  bool unknown = false;
  for (const auto& [name, parameters] : boost::beast::http::ext_list{beast_view(value)}) {
    ++codings;
    if (!equals(name, "chunked")) {
      unknown = true;
    } else if (chunked_at != 0 || parameters.begin() != parameters.end()) {
      return {400, "Transfer-Encoding applies chunked wrongly."};
    } else {
      chunked_at = codings;
    }
  }
  if (codings == 0) return {400, "Transfer-Encoding is empty."};
  if (chunked_at != 0 && chunked_at != codings) return {400, "The last transfer coding is not chunked."};
  if (unknown) return {501, "The only transfer coding that this server knows is chunked."};
  if (!equals(beast_view(value), "chunked")) return {400, "Transfer-Encoding is malformed."};
  return {};
}

void read_connection(std::string_view value, bool& close, bool& keep_alive) {
  for (const auto token : boost::beast::http::token_list{beast_view(value)}) {
    if (equals(token, "close")) close = true;
    if (equals(token, "keep-alive")) keep_alive = true;
  }
}

}  // namespace

head_facts judge_head(std::span<const header> headers, bool http_1_1) {
  head_facts facts;
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  bool close = false;
  bool keep_alive = false;
  const auto refuse = [&facts](unsigned status, std::string_view detail) {
    if (!facts.wrong) facts.wrong = {status, detail};
  };
  for (const auto& each : headers) {
    switch (each.id) {
      case field::host:
        ++hosts;
        facts.host = each.value;
        if (!valid_host(each.value)) refuse(400, "The Host header is malformed.");
        break;
      case field::content_length:
        ++lengths;
        facts.content_length = whole_number(each.value);
        if (!facts.content_length) refuse(400, "Content-Length is not a whole number.");
        break;
      case field::transfer_encoding:
        ++encodings;
        facts.chunked = true;
        if (const auto wrong = check_transfer_encoding(each.value, http_1_1)) refuse(wrong.status, wrong.detail);
        break;
      case field::connection:
        read_connection(each.value, close, keep_alive);
        break;
      case field::expect:
        if (!http_1_1) break;
        facts.expects_continue = true;
        if (!equals(beast_view(each.value), "100-continue")) refuse(417, "The only expectation met is 100-continue.");
        break;
      default:
        break;
    }
  }
  // Doubt about the body's end outranks the rest: it is how requests are smuggled.
  if (encodings > 1) facts.wrong = {400, "Transfer-Encoding is repeated."};
  if (lengths > 1) facts.wrong = {400, "Content-Length is repeated."};
  if (lengths > 0 && encodings > 0) facts.wrong = {400, "Content-Length and Transfer-Encoding exclude each other."};
  if (hosts > 1) refuse(400, "The Host header is repeated.");
  if (hosts == 0 && http_1_1) refuse(400, "The Host header is missing.");
  facts.keep_alive = !close && (http_1_1 || keep_alive);
  return facts;
}

}  // namespace loopscope::http
