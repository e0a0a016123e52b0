// SPDX-License-Identifier: MIT

#pragma once

// Both compilers say which sanitizer they build with, each in its own way.
#if defined(__has_feature)
#define LOOPSCOPE_HAS_FEATURE(name) __has_feature(name)
#else
#define LOOPSCOPE_HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || LOOPSCOPE_HAS_FEATURE(thread_sanitizer)
#define LOOPSCOPE_WITH_THREAD_SANITIZER 1
#else
#define LOOPSCOPE_WITH_THREAD_SANITIZER 0
#endif
#if defined(__SANITIZE_ADDRESS__) || LOOPSCOPE_HAS_FEATURE(address_sanitizer)
#define LOOPSCOPE_WITH_ADDRESS_SANITIZER 1
#else
#define LOOPSCOPE_WITH_ADDRESS_SANITIZER 0
#endif

namespace loopscope::monitor::testing {

/// ThreadSanitizer hands an asynchronous signal to the program only at its next intercepted call, so that a
/// spinning thread's stack cannot be had; the record must say so instead.
inline constexpr bool with_thread_sanitizer = LOOPSCOPE_WITH_THREAD_SANITIZER;
inline constexpr bool with_address_sanitizer = LOOPSCOPE_WITH_ADDRESS_SANITIZER;

}  // namespace loopscope::monitor::testing
