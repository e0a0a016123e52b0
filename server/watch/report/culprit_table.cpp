// SPDX-License-Identifier: MIT

#include "culprit_table.hpp"

#include <algorithm>
#include <tuple>

#include "server/monitor/explain/sentence.hpp"

namespace loopscope::watch {
namespace {

const monitor::stack_frame* find_culprit(const monitor::stall_record& stall) {
  return stall.culprit && *stall.culprit < stall.stack.size() ? &stall.stack[*stall.culprit] : nullptr;
}

std::string innermost_name(const std::vector<monitor::stack_frame>& stack) {
  const auto named = std::ranges::find_if(stack, [](const auto& frame) { return !frame.function.empty(); });
  return named == stack.end() ? std::string{} : named->function;
}

culprit_figures place_of(const monitor::stall_record& stall) {
  culprit_figures place;
  place.verdict = stall.verdict;
  if (const auto* culprit = find_culprit(stall)) {
    place.function = culprit->function;
    place.file = culprit->file;
    place.line = culprit->line;
  }
  if (place.function.empty() && place.file.empty()) place.native_frame = innermost_name(stall.stack);
  return place;
}

std::string key_of(const culprit_figures& place, const monitor::stall_record& stall) {
  const auto verdict = std::to_string(static_cast<int>(place.verdict)) + '\0';
  if (!place.function.empty() || !place.file.empty()) return verdict + place.function + '\0' + place.file;
  if (stall.call) return verdict + '\0' + stall.call->name + '\0' + stall.call->path;
  return verdict + std::string(2, '\0') + place.native_frame;
}

template <class Figures>
void add_stalls(Figures& to, std::uint64_t stalls, std::chrono::nanoseconds total, std::chrono::nanoseconds longest) {
  to.stalls += stalls;
  to.total += total;
  to.longest = std::max(to.longest, longest);
}

}  // namespace

void culprit_table::add(const monitor::stall_record& stall) {
  auto place = place_of(stall);
  const auto key = key_of(place, stall);
  auto found = places_.find(key);
  if (found == places_.end()) {
    if (places_.size() >= max_places_) evict_cheapest();
    found = places_.emplace(key, std::move(place)).first;
  }
  auto& figures = found->second;
  const bool longest = stall.duration >= figures.longest;
  if (stall.call && (longest || figures.call.empty())) figures.call = monitor::call_text(*stall.call);
  figures.has_stack |= !stall.stack.empty();
  add_stalls(figures, 1, stall.duration, stall.duration);
}

void culprit_table::evict_cheapest() {
  const auto cheapest = std::ranges::min_element(places_, {}, [](const auto& each) { return each.second.total; });
  if (cheapest == places_.end()) return;
  add_stalls(others_, cheapest->second.stalls, cheapest->second.total, cheapest->second.longest);
  places_.erase(cheapest);
}

std::vector<culprit_figures> culprit_table::rows() const {
  std::vector<culprit_figures> out;
  out.reserve(places_.size());
  for (const auto& [key, figures] : places_) out.push_back(figures);
  std::ranges::sort(out, [](const auto& a, const auto& b) {
    return std::tie(b.total, a.function, a.file, a.call, a.native_frame, a.verdict) <
           std::tie(a.total, b.function, b.file, b.call, b.native_frame, b.verdict);
  });
  return out;
}

}  // namespace loopscope::watch
