// SPDX-License-Identifier: MIT

#pragma once

#include <pthread.h>

#include <memory>
#include <new>
#include <system_error>

namespace loopscope::system {

/// One object for each thread that asks for it; it ends with its thread.
///
/// Without memory, get() throws std::bad_alloc, where the first use of a thread_local object would end the process
/// (glibc). The object of a thread that ends the process is not destroyed. Threads: any. Lifetime: must not be
/// destroyed, so make it with new. Source: pthread_key_create(3).
template <class Type>
class thread_specific {
 public:
  thread_specific() {
    const auto destroy = [](void* object) { delete static_cast<Type*>(object); };
    if (const int error = ::pthread_key_create(&key_, destroy); error != 0)
      throw std::system_error(error, std::generic_category(), "pthread_key_create");
  }
  thread_specific(const thread_specific&) = delete;
  thread_specific& operator=(const thread_specific&) = delete;

  Type& get() {
    if (auto* const known = static_cast<Type*>(::pthread_getspecific(key_))) return *known;
    auto made = std::make_unique<Type>();
    if (::pthread_setspecific(key_, made.get()) != 0) throw std::bad_alloc();
    return *made.release();
  }

 private:
  pthread_key_t key_{};
};

}  // namespace loopscope::system
