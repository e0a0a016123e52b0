#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace loopscope::admin::sse {

/// The text of server-sent events. Source: WHATWG HTML, section "Server-sent events".

inline constexpr std::string_view content_type = "text/event-stream";

/// `type` is a literal of the program; `data` may have several lines, with any line end.
std::string event(std::uint64_t id, std::string_view type, std::string_view data);
/// How long a client waits before it connects again.
std::string retry(std::chrono::milliseconds pause);
/// What clients ignore; keeps a silent connection alive and finds a dead one. `text` has no line ends.
std::string comment(std::string_view text);

}  // namespace loopscope::admin::sse
