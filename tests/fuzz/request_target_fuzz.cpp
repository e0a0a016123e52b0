// SPDX-License-Identifier: MIT

#include <algorithm>
#include <cstdint>
#include <string>

#include "invariant.hpp"
#include "server/http/parse/target.hpp"

namespace loopscope::http {
namespace {

using fuzz::require;
using form = target_parts::form;

bool within(std::string_view part, std::string_view whole) {
  return part.empty() || part == "/" || (part.data() >= whole.data() && part.end() <= whole.end());
}

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string origin_form(const target_parts& parts, std::string_view target) {
  const bool has_query = target.find('?') != std::string_view::npos;
  return std::string{parts.path} + (has_query ? "?" : "") + std::string{parts.query};
}

void check(std::string_view target) {
  const auto parsed = parse_target(target);
  if (!parsed) return;
  require(within(parsed->path, target) && within(parsed->query, target) && within(parsed->authority, target),
          "the parts are views into the target");
  require((parsed->kind == form::asterisk) == (target == "*"), "only * is the asterisk form");
  if (parsed->kind == form::asterisk) return;
  require(parsed->path.starts_with('/'), "a path begins with a slash");
  require(printable(parsed->path) && printable(parsed->authority), "path and authority are printable ASCII");
  require(parsed->path.find_first_of("?#") == std::string_view::npos, "a path ends before the query");
  require(parsed->query.find('#') == std::string_view::npos, "a query holds no fragment");
  require(parsed->authority.empty() == (parsed->kind == form::origin), "only the absolute form names a host");

  const std::string again = origin_form(*parsed, target);
  if (parsed->kind == form::origin) require(again == target, "an origin form is its path and its query");
  const auto reparsed = parse_target(again);
  require(reparsed.has_value(), "what was taken apart can be put together");
  require(reparsed->kind == form::origin && reparsed->path == parsed->path && reparsed->query == parsed->query,
          "path and query survive being put together");
}

}  // namespace
}  // namespace loopscope::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  loopscope::http::check(loopscope::fuzz::as_text(data, size));
  return 0;
}
