// SPDX-License-Identifier: MIT

#pragma once

#include <semaphore.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace loopscope::monitor {

/// One place in static memory where a signal handler stores a stack for the watchdog.
///
///     phase      set by            next
///     idle       -                 armed
///     armed      arm()             writing, or idle by give_up()
///     writing    claim()           full, or abandoned by give_up()
///     full       publish()         idle by give_up()
///     abandoned  give_up()         idle by publish(), or released by release()
///     released   release()         idle by publish(), which also makes the slot free
///
/// Each request has a generation of its own, so that a late signal can claim only the request it was sent for. Neither
/// side waits for the other, except in blocking_wait_until_full().
/// Threads: claim(), content and publish() in the signal handler; the others on the watchdog. claim() and publish() are
/// async-signal-safe.
class stack_slot {
 public:
  static constexpr std::size_t max_frames = 1024;

  struct stack {
    std::size_t frames = 0;
    std::uintptr_t interrupted_at = 0;
    std::uintptr_t stack_pointer = 0;
    const void* returns_to = nullptr;
    bool exception_in_flight = false;
    std::array<const void*, max_frames> addresses{};
  };

  /// Returns false if the slot is in use.
  bool try_reserve() noexcept;
  /// Gives the slot back. Call give_up() first.
  void release() noexcept;

  /// Starts a request and returns its generation; 0 while the handler of an earlier request still writes.
  std::uint32_t arm() noexcept;
  /// Returns false if the request was given up.
  bool claim(std::uint32_t generation) noexcept;
  /// The handler has written the stack.
  void publish(std::uint32_t generation) noexcept;
  bool is_full() const noexcept;
  /// Returns is_full() after at most the timeout.
  bool blocking_wait_until_full(std::chrono::nanoseconds timeout) noexcept;
  /// Ends the request in any phase.
  void give_up() noexcept;

  /// To be written between claim() and publish(), and read while is_full().
  stack content;

 private:
  enum class phase : std::uint32_t { idle, armed, writing, full, abandoned, released };

  // The generation in the upper half, the phase in the lower.
  static constexpr std::uint64_t state_of(std::uint32_t generation, phase p) noexcept {
    return (static_cast<std::uint64_t>(generation) << 32U) | static_cast<std::uint32_t>(p);
  }
  bool change(std::uint32_t generation, phase from, phase to) noexcept;
  std::uint32_t generation() const noexcept;

  std::atomic<bool> taken_{false};
  std::atomic<std::uint64_t> state_{0};
  sem_t filled_{};
};

}  // namespace loopscope::monitor
