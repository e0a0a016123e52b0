// SPDX-License-Identifier: MIT

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>

#include "invariant.hpp"
#include "server/http/parse/target.hpp"

namespace loopscope::http {
namespace {

using fuzz::require;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The same decoding, made the slow and obvious way.
std::optional<std::string> plainly_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

std::optional<std::vector<parameter>> plainly_parsed(std::string_view raw) {
  std::vector<parameter> list;
  for (bool more = true; more;) {
    const auto end = raw.find('&');
    more = end != std::string_view::npos;
    const std::string_view part = raw.substr(0, end);
    if (more) raw.remove_prefix(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = plainly_decoded(part.substr(0, equals));
    const auto value = plainly_decoded(equals == std::string_view::npos ? "" : part.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    list.push_back({*name, *value});
  }
  return list;
}

std::string encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) {
      out += c;
    } else {
      out += {'%', digits[byte / 16], digits[byte % 16]};
    }
  }
  return out;
}

bool same(const std::vector<parameter>& a, const std::vector<parameter>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return x.name == y.name && x.value == y.value; });
}

void check(std::string_view raw) {
  const query_parameters parsed = parse_query(raw);
  const auto expected = plainly_parsed(raw);
  if (parsed.malformed) {
    require(parsed.list.empty(), "a malformed query has no parameters");
    require(raw.find(parsed.malformed->name) != std::string_view::npos, "the malformed name is one of the query");
    return;
  }
  require(expected.has_value(), "broken percent-encoding is refused");
  require(same(parsed.list, *expected), "names and values are decoded as they are written");

  std::string again;
  for (const parameter& each : parsed.list)
    again += (again.empty() ? "" : "&") + encoded(each.name) + "=" + encoded(each.value);
  const query_parameters reparsed = parse_query(again);
  require(!reparsed.malformed && same(reparsed.list, parsed.list), "what was decoded can be encoded again");
}

}  // namespace
}  // namespace loopscope::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  loopscope::http::check(loopscope::fuzz::as_text(data, size));
  return 0;
}
