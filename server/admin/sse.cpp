#include "sse.hpp"

namespace loopscope::admin::sse {

std::string event(std::uint64_t id, std::string_view type, std::string_view data) {
  std::string text = "id: " + std::to_string(id) + "\nevent: ";
  text += type;
  for (bool more = true; more;) {
    const auto end = data.find_first_of("\r\n");
    text += "\ndata: ";
    text += data.substr(0, end);
    more = end != std::string_view::npos;
    if (more) data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  text += "\n\n";
  return text;
}

std::string retry(std::chrono::milliseconds pause) {
  return "retry: " + std::to_string(pause.count()) + "\n\n";
}

std::string comment(std::string_view text) {
  return ": " + std::string{text} + "\n\n";
}

}  // namespace loopscope::admin::sse
