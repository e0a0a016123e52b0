// SPDX-License-Identifier: MIT

#include "nearest_word.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace loopscope {
namespace {

/// Longer words than any name; a distance takes time by the square of it.
constexpr std::size_t max_length = 64;

std::size_t edits_between(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const bool same = from[i - 1] == to[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> candidates) {
  if (word.size() > max_length) return {};
  std::size_t min_edits = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string nearest;
  for (const std::string& each : candidates) {
    const std::size_t edits = edits_between(word, each);
    if (edits >= min_edits) continue;
    min_edits = edits;
    nearest = each;
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string nearest = nearest_word(word, candidates);
  return nearest.empty() ? std::string{} : " (did you mean " + nearest + "?)";
}

}  // namespace loopscope
