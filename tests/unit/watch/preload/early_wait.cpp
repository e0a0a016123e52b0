// SPDX-License-Identifier: MIT

// A library whose constructor waits before the constructor of a preloaded library has run.

#include <poll.h>

extern "C" {
extern int early_wait_result;
int early_wait_result = -1;
}

namespace {

__attribute__((constructor)) void wait_early() {
  early_wait_result = ::poll(nullptr, 0, 0);
}

}  // namespace
