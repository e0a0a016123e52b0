#pragma once

namespace loopscope::http {

/// Whether C is one of 0 to 9; unlike std::isdigit, whatever the locale.
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace loopscope::http
