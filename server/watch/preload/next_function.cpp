// SPDX-License-Identifier: MIT

#include "server/watch/preload/next_function.hpp"

#include <dlfcn.h>

// musl has none, and would not start the program for the want of it.
extern "C" void* dlvsym(void*, const char*, const char*) noexcept __attribute__((weak));

namespace loopscope::watch {

void* find_next(const char* name, const char* version) noexcept {
  const int error = errno;
  void* found = nullptr;
  if (version != nullptr && dlvsym != nullptr) found = dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) dlerror();  // not the program's error
  errno = error;
  return found;
}

}  // namespace loopscope::watch
