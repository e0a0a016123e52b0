#pragma once

namespace loopscope::monitor::testing {

/// ThreadSanitizer hands an asynchronous signal to the program only at its next intercepted call, so that a
/// spinning thread's stack cannot be had; the record must say so instead.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool with_thread_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool with_thread_sanitizer = true;
#else
inline constexpr bool with_thread_sanitizer = false;
#endif
#else
inline constexpr bool with_thread_sanitizer = false;
#endif

}  // namespace loopscope::monitor::testing
