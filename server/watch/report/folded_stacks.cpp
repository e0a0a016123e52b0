// SPDX-License-Identifier: MIT

#include "folded_stacks.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "printable_text.hpp"

namespace loopscope::watch {
namespace {

/// What the map needs for an entry beside its text.
constexpr std::size_t entry_bytes = 128;

std::string frame_text(const monitor::stack_frame& frame) {
  if (!frame.function.empty()) return frame.function + (frame.file.empty() ? "" : " (" + frame.file + ')');
  return frame.file.empty() ? "[unknown]" : frame.file;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// flamegraph.pl takes a number behind the last space for a second weight.
void join_trailing_number(std::string& text) {
  const auto space = text.find_last_of(' ');
  if (space == std::string::npos) return;
  if (std::all_of(text.begin() + static_cast<std::ptrdiff_t>(space) + 1, text.end(),
                  [](char c) { return is_digit(c) || c == '.'; }))
    text[space] = '_';
}

/// A frame's name without what separates frames, weights and lines.
std::string safe_frame(std::string_view name) {
  auto out = printable(name);
  std::ranges::replace(out, ';', ',');
  const auto begin = out.find_first_not_of(' ');
  if (begin == std::string::npos) return "[unknown]";
  out = out.substr(begin, out.find_last_not_of(' ') - begin + 1);
  join_trailing_number(out);
  return out;
}

std::string folded(std::string_view process, const monitor::stall_record& stall) {
  auto out = safe_frame(process);
  if (stall.stack.empty()) {
    const auto reason = stall.no_stack_reason.empty() ? "reason unknown" : stall.no_stack_reason;
    return out + ';' + safe_frame("[no stack: " + reason + ']');
  }
  for (auto frame = stall.stack.rbegin(); frame != stall.stack.rend(); ++frame)
    out += ';' + safe_frame(frame_text(*frame));
  return out;
}

std::string line(std::string_view stack, std::chrono::nanoseconds time) {
  const auto us = std::chrono::round<std::chrono::microseconds>(time).count();
  return us > 0 ? std::string{stack} + ' ' + std::to_string(us) + '\n' : std::string{};
}

}  // namespace

void folded_stacks::add(std::string_view process, const monitor::stall_record& stall) {
  auto stack = folded(process, stall);
  if (const auto known = stacks_.find(stack); known != stacks_.end()) {
    known->second += stall.duration;
    return;
  }
  const auto bytes = stack.size() + entry_bytes;
  if (bytes > max_bytes_) {
    others_ += stall.duration;
    return;
  }
  while (!stacks_.empty() && bytes_ + bytes > max_bytes_) evict_cheapest();
  bytes_ += bytes;
  stacks_.emplace(std::move(stack), stall.duration);
}

void folded_stacks::evict_cheapest() {
  const auto cheapest = std::ranges::min_element(stacks_, {}, [](const auto& each) { return each.second; });
  others_ += cheapest->second;
  bytes_ -= cheapest->first.size() + entry_bytes;
  stacks_.erase(cheapest);
}

std::string folded_stacks::text() const {
  std::vector<std::pair<std::chrono::nanoseconds, std::string_view>> sorted;
  sorted.reserve(stacks_.size());
  for (const auto& [stack, time] : stacks_) sorted.emplace_back(-time, stack);
  std::ranges::sort(sorted);
  std::string out;
  for (const auto& [time, stack] : sorted) out += line(stack, -time);
  return out + line("[other stacks]", others_);
}

}  // namespace loopscope::watch
