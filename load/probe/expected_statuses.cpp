#include "expected_statuses.hpp"

#include <algorithm>

namespace loopscope::probe {

expected_statuses::expected_statuses() : text_("2xx") {
  add(text_);
}

std::optional<expected_statuses> expected_statuses::parse(std::string_view text) {
  expected_statuses parsed;
  parsed.which_.reset();
  parsed.text_ = text;
  for (;;) {
    const auto comma = text.find(',');
    if (!parsed.add(text.substr(0, comma))) return std::nullopt;
    if (comma == std::string_view::npos) return parsed;
    text.remove_prefix(comma + 1);
  }
}

bool expected_statuses::add(std::string_view item) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (item.size() != 3 || item[0] < '2' || item[0] > '5') return false;
  const auto digit = [&item](std::size_t at) { return static_cast<std::size_t>(item[at] - '0'); };
  if (item.substr(1) == "xx") {
    for (std::size_t status = digit(0) * 100; status < (digit(0) + 1) * 100; ++status) which_.set(status);
    return true;
  }
  if (!std::all_of(item.begin(), item.end(), is_digit)) return false;
  which_.set(digit(0) * 100 + digit(1) * 10 + digit(2));
  return true;
}

}  // namespace loopscope::probe
