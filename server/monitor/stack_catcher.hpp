#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loopscope::monitor {

/// Return addresses of a thread, innermost first. The first is where the thread was; the others are return
/// addresses.
struct raw_stack {
  std::vector<const void*> addresses;
  /// An exception was in flight; no addresses.
  bool exception_in_flight = false;
};

/// Makes another thread of this process store its own stack, by a signal to it.
///
/// The handler is async-signal-safe: it claims a slot in static memory by compare-and-swap, unwinds into it
/// (libgcc finds frames without a lock on glibc 2.35 and later) and posts a semaphore; a signal that comes
/// after its slot was given up finds another generation there and does nothing. It unwinds nothing while an
/// exception is in flight. A thread that cannot run (D state, not scheduled) answers late: collect() gets the
/// stack then, which is still the one of the stall, since the handler runs before the blocked code goes on.
/// ThreadSanitizer keeps a signal until the thread's next call that it intercepts, so that a spinning thread
/// answers late and from another place; loop_core drops late answers in such builds, and the record says why
/// there is no stack. Threads: the watchdog only. Lifetime: a signal's handler stays installed, as a signal
/// may still be pending. Source: the watchdog's backtrace action of Envoy, tgkill-and-slot; sigaction(2),
/// rt_tgsigqueueinfo(2).
class stack_catcher {
 public:
  /// Takes one of 64 slots. Installs the handler for the signal and primes the unwinder where not yet done.
  explicit stack_catcher(int signal);
  stack_catcher(const stack_catcher&) = delete;
  stack_catcher& operator=(const stack_catcher&) = delete;
  ~stack_catcher();

  /// Why no stack can ever be captured; empty when it can.
  const std::string& disabled_because() const noexcept { return disabled_; }
  int signal() const noexcept { return signal_; }

  /// Sends the signal; false when the thread is gone. Nothing is sent while an answer is pending.
  bool request(pid_t tid);
  bool pending() const noexcept { return pending_; }

  /// Waits for the answer; nullopt when it does not come in time and may still come.
  std::optional<raw_stack> collect(std::chrono::nanoseconds timeout);

  /// Gives up a pending answer.
  void cancel();

 private:
  std::optional<raw_stack> take();

  int signal_ = 0;
  std::size_t slot_ = 0;
  bool has_slot_ = false;
  bool pending_ = false;
  std::uint32_t generation_ = 0;
  std::string disabled_;
};

/// SIGRTMIN + 6 for default_capture_signal, else the number itself.
int resolve_capture_signal(int option);

}  // namespace loopscope::monitor
