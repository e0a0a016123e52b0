#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

namespace loopscope::probe {

/// The statuses of answers that did what was asked; 2xx unless told otherwise.
class expected_statuses {
 public:
  static constexpr const char* allowed = "a comma-separated list of statuses (200 to 599) and classes (2xx to 5xx)";

  expected_statuses();
  /// Such as "2xx" or "200,429"; nothing for text that is not `allowed`.
  static std::optional<expected_statuses> parse(std::string_view text);

  bool match(unsigned status) const { return status < which_.size() && which_[status]; }
  /// As it was given.
  const std::string& text() const { return text_; }

 private:
  bool add(std::string_view item);

  std::bitset<600> which_;
  std::string text_;
};

}  // namespace loopscope::probe
