// SPDX-License-Identifier: MIT

#include "culprit.hpp"

#include <tuple>

#ifndef OUTER
#define OUTER outer
#endif

namespace app {

[[gnu::noinline]] const void* here() {
  return __builtin_return_address(0);
}

struct account {
  int sum = 0;

  [[gnu::always_inline]] const void* charge(int amount) {
    sum += amount;
    const void* const address = here();  // line of the inlined function
    asm volatile("" : : "r"(sum));
    return address;
  }
};

[[gnu::noinline]] const void* OUTER(int amount) {
  account mine;
  const void* const address = mine.charge(amount);  // line of the call
  asm volatile("");
  return address;
}

[[gnu::noinline]] const void* settle(int count) {
  const void* address = nullptr;
  const auto pay = [&](int amount) __attribute__((noinline)) {
    std::apply(
        [&](int first, int second) {
          if (first == second) return;
          address = here();  // line of the element
          asm volatile("");
        },
        std::tuple(amount, count));
  };
  pay(count + 1);
  pay(count + 2);
  return address;
}

}  // namespace app

extern "C" void return_addresses(const void* out[2]) {
  out[0] = app::OUTER(3);
  out[1] = app::settle(4);
}
