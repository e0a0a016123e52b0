// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// The text of server-sent events. Source: WHATWG HTML, section "Server-sent events".
namespace loopscope::admin::sse {

inline constexpr std::string_view content_type = "text/event-stream";

/// `type` is a literal of the program; `data` may have several lines, with any line ending.
inline std::string event(std::uint64_t id, std::string_view type, std::string_view data) {
  std::string text = "id: " + std::to_string(id) + "\nevent: ";
  text += type;
  for (bool more = true; more;) {
    const auto line_end = data.find_first_of("\r\n");
    text += "\ndata: ";
    text += data.substr(0, line_end);
    more = line_end != std::string_view::npos;
    if (more) data.remove_prefix(line_end + (data.substr(line_end).starts_with("\r\n") ? 2 : 1));
  }
  text += "\n\n";
  return text;
}

/// Sets how long the client waits before it connects again.
inline std::string retry(std::chrono::milliseconds delay) {
  return "retry: " + std::to_string(delay.count()) + "\n\n";
}

/// Clients ignore comments; one keeps an idle connection open and detects a dead one. `text` has no line ending.
inline std::string comment(std::string_view text) {
  return ": " + std::string{text} + "\n\n";
}

}  // namespace loopscope::admin::sse
