// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <thread>

namespace loopscope::testing {

/// Waits until `condition()` is true, at most `limit`. Returns whether it became true. Use it as
/// ASSERT_TRUE(eventually([&] { return ...; })). A busy machine needs far less than the limit.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds{30}) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

}  // namespace loopscope::testing
