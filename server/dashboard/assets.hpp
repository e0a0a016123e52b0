// SPDX-License-Identifier: MIT

#pragma once

#include <span>
#include <string_view>

namespace loopscope::dashboard {

/// One file of the page, embedded in the binary. Lifetime: static.
struct asset {
  std::string_view name;  ///< "app.js"
  std::string_view content_type;
  std::string_view hash;  ///< of the content, in hexadecimal
  std::string_view identity;
  std::string_view gzip;
};

/// Empty if the dashboard was not built in.
std::span<const asset> all_assets();

/// Why the dashboard was not built in and how to build it in; empty if it was.
std::string_view missing();

}  // namespace loopscope::dashboard
