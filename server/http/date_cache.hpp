#pragma once

#include <ctime>
#include <string_view>

namespace loopscope::http {

/// The Date header's value, formatted once a second. One per loop.
///
/// Source: RFC 9110, section 5.6.7 (IMF-fixdate).
class date_cache {
 public:
  std::string_view at(std::time_t now);
  /// Of the system clock, to the kernel's tick.
  std::string_view now();

 private:
  std::time_t formatted_ = -1;
  char text_[32] = {};
  std::size_t size_ = 0;
};

}  // namespace loopscope::http
