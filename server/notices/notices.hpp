// SPDX-License-Identifier: MIT

#pragma once

#include <string_view>

namespace loopscope::notices {

/// The project's licence and those of the libraries that are compiled into the binary or embedded in it, as the build
/// found them. Lifetime: static.
std::string_view text();

}  // namespace loopscope::notices
