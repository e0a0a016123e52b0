// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loopscope::monitor {

class stack_slot;

/// The stack of a thread, innermost first. The first address is where the thread was; the others are return addresses.
struct raw_stack {
  std::vector<const void*> addresses;
  /// The stack pointers of the first and of the last address; 0 when unknown.
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  /// An exception was in flight; there are no addresses.
  bool exception_in_flight = false;
};

/// Makes a running thread of this process store its own stack, by sending it a signal.
///
/// A sleeping thread gets none, since it would interrupt the call that the thread sleeps in. A thread gets one only
/// after prepare_thread(), so that the handler has a stack of its own. The handler is async-signal-safe: it claims a
/// stack_slot, unwinds into it (libgcc finds frames without a lock on glibc 2.35 and later) and publishes it. It does
/// not unwind while an exception is in flight. A thread that is held up in the handler holds up no other sampler. A
/// thread that cannot run stores its stack late. collect() returns it then; it is still the stack of the stall, since
/// the handler runs before the blocked code continues. ThreadSanitizer holds a signal back until the thread's next call
/// that it intercepts, so that a spinning thread stores another place, late. watched_loop drops late stacks in such
/// builds, and the record says why there is none. Threads: the watchdog only. Lifetime: a signal's handler stays
/// installed, since a signal may still be pending. Source: the watchdog's backtrace action of Envoy, tgkill-and-slot;
/// sigaction(2), rt_tgsigqueueinfo(2).
class stack_sampler {
 public:
  /// Installs the signal's handler and prepares the unwinder if that has not been done yet.
  explicit stack_sampler(int signal);
  stack_sampler(const stack_sampler&) = delete;
  stack_sampler& operator=(const stack_sampler&) = delete;
  ~stack_sampler();

  /// Why no stack can ever be captured; empty if it can.
  const std::string& disabled_reason() const noexcept { return disabled_reason_; }
  int signal() const noexcept { return signal_; }

  /// Sends the signal, unless a request is pending. Does not wait. At most 64 requests of the process may be pending.
  /// Returns false if it was not sent; see failure().
  bool request(pid_t tid);
  bool pending() const noexcept { return pending_; }

  /// The stack, or nullopt if it has not come yet. It may still come later. Only tests give it time.
  std::optional<raw_stack> collect(std::chrono::nanoseconds timeout = {});

  /// Gives up a pending request, without waiting for the thread.
  void cancel();

  /// Why the last request() or collect() had no success; empty if it had.
  const std::string& failure() const noexcept { return failure_; }

 private:
  std::string obstacle(pid_t tid) const;
  bool fail(std::string reason);
  void release_slot() noexcept;

  int signal_ = 0;
  stack_slot* slot_ = nullptr;  // while a request is pending, or was given up
  bool pending_ = false;
  std::string disabled_reason_;
  std::string failure_;
};

/// Returns SIGRTMIN + 6 for default_capture_signal, else the number itself.
int resolve_capture_signal(int option);

/// Why the signal should not be sent to the thread now; empty if it may be sent.
std::string obstacle_to_signal(pid_t tid, int signal);

}  // namespace loopscope::monitor
