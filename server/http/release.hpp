// SPDX-License-Identifier: MIT

#pragma once

#include <utility>

namespace loopscope::http {

/// Empties a string, a vector or what holds them, and frees their memory: assigning {} to them would keep it.
template <class T>
void release(T& held) noexcept {
  const T freed = std::move(held);
  held = T();
}

}  // namespace loopscope::http
