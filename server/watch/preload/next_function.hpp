// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <cerrno>

namespace loopscope::watch {

/// The address of the function that the program would have called without this library, or nullptr. With a version,
/// that one first: before glibc 2.36, dlsym(3) finds the oldest of several. Does not allocate where the function
/// exists. Keeps errno.
void* find_next(const char* name, const char* version) noexcept;

template <class Function>
class next_function;

/// Found at the first call, which may come before any constructor has run. Where libc has no such function, the call
/// returns what `absent` returns. Threads: any.
template <class... Arguments>
class next_function<int(Arguments...)> {
 public:
  using function = int(Arguments...);

  constexpr next_function(const char* name, function* absent, const char* version = nullptr) noexcept
      : name_{name}, version_{version}, absent_{absent} {}

  function* get() noexcept {
    auto* const found = found_.load(std::memory_order_relaxed);
    if (found == nullptr) [[unlikely]]
      return find();
    return found;
  }

 private:
  __attribute__((noinline)) function* find() noexcept {
    auto* found = reinterpret_cast<function*>(find_next(name_, version_));
    if (found == nullptr) found = absent_;
    found_.store(found, std::memory_order_relaxed);
    return found;
  }

  const char* name_;
  const char* version_;
  function* absent_;
  std::atomic<function*> found_{nullptr};
};

/// For a system call: -1 with ENOSYS in errno.
template <class... Arguments>
int absent_call(Arguments... /*unused*/) noexcept {
  errno = ENOSYS;
  return -1;
}

/// For a function that returns its error.
template <class... Arguments>
int absent_function(Arguments... /*unused*/) noexcept {
  return ENOSYS;
}

}  // namespace loopscope::watch
