// SPDX-License-Identifier: MIT

#include "assets.hpp"

namespace loopscope::dashboard {

std::span<const asset> all_assets() {
  return {};
}

std::string_view missing() {
  return LOOPSCOPE_DASHBOARD_MISSING;
}

}  // namespace loopscope::dashboard
