// SPDX-License-Identifier: MIT

#pragma once

#include <ostream>

#include "writers/back_end.hpp"
#include "writers/method.hpp"

// How GoogleTest prints the parameters of the writers' tests.
namespace loopscope::writers {

inline void PrintTo(const method& each, std::ostream* out) {
  *out << each.name;
}

inline void PrintTo(back_end each, std::ostream* out) {
  *out << to_string(each);
}

}  // namespace loopscope::writers
