#include "loop_pulse.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

struct own_thread {
  loop_pulse::identity id;
  own_thread() {
    id.tid = ::gettid();
    ::pthread_getcpuclockid(::pthread_self(), &id.cpu_clock);
    // Its first use may allocate thread-local storage, which a signal handler must not do.
    static_cast<void>(std::uncaught_exceptions());
  }
};

}  // namespace

bool loop_pulse::answer() noexcept {
  thread_local const own_thread self;
  timespec cpu{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  cpu_ns_.store(system::to_nanoseconds(cpu).count(), std::memory_order_relaxed);
  cpu_clock_.store(self.id.cpu_clock, std::memory_order_relaxed);
  tid_.store(self.id.tid, std::memory_order_relaxed);
  answered_at_ns_.store(to_ns(std::chrono::steady_clock::now()), std::memory_order_release);
  return wake_wanted_.load(std::memory_order_relaxed);
}

void loop_pulse::arm(std::optional<time_point> blocked_since) noexcept {
  taken_ = false;
  blocked_since_ns_.store(blocked_since ? to_ns(*blocked_since) : 0, std::memory_order_relaxed);
  answered_at_ns_.store(0, std::memory_order_release);
}

std::optional<stall_tracker::answer> loop_pulse::take_answer() noexcept {
  if (taken_) return std::nullopt;
  const auto at_ns = answered_at_ns_.load(std::memory_order_acquire);
  if (at_ns == 0) return std::nullopt;
  taken_ = true;
  return stall_tracker::answer{from_ns(at_ns), nanoseconds{cpu_ns_.load(std::memory_order_relaxed)}};
}

loop_pulse::identity loop_pulse::thread() const noexcept {
  return {tid_.load(std::memory_order_relaxed), cpu_clock_.load(std::memory_order_relaxed)};
}

void loop_pulse::declare(std::uint64_t stall) noexcept {
  delayed_count_.store(0, std::memory_order_relaxed);
  delayed_max_ns_.store(0, std::memory_order_relaxed);
  ended_at_ns_.store(0, std::memory_order_relaxed);
  blame_.store(stall, std::memory_order_release);
  wake_wanted_.store(true, std::memory_order_relaxed);
}

void loop_pulse::ended(time_point at) noexcept {
  wake_wanted_.store(false, std::memory_order_relaxed);
  ended_at_ns_.store(to_ns(at), std::memory_order_relaxed);
}

void loop_pulse::release() noexcept {
  blame_.store(0, std::memory_order_relaxed);
}

void loop_pulse::note_delayed(std::uint64_t stall, nanoseconds waited, time_point now) noexcept {
  if (stall == 0 || blame_.load(std::memory_order_acquire) != stall) return;
  // While the watchdog has not yet said when the stall ended, the probe's answer tells.
  auto end_ns = ended_at_ns_.load(std::memory_order_relaxed);
  if (end_ns == 0) end_ns = answered_at_ns_.load(std::memory_order_relaxed);
  const bool came_after_the_end = end_ns != 0 && to_ns(now) - waited.count() > end_ns;
  if (came_after_the_end || waited <= nanoseconds{0}) return;

  delayed_count_.fetch_add(1, std::memory_order_relaxed);
  auto longest = delayed_max_ns_.load(std::memory_order_relaxed);
  while (longest < waited.count() &&
         !delayed_max_ns_.compare_exchange_weak(longest, waited.count(), std::memory_order_relaxed)) {
  }
}

delayed_requests loop_pulse::delayed() const noexcept {
  return {delayed_count_.load(std::memory_order_relaxed), nanoseconds{delayed_max_ns_.load(std::memory_order_relaxed)}};
}

nanoseconds loop_pulse::blocked_for(time_point now) const noexcept {
  const auto since_ns = blocked_since_ns_.load(std::memory_order_relaxed);
  if (since_ns == 0 || answered_at_ns_.load(std::memory_order_acquire) != 0) return nanoseconds{0};
  return std::max(nanoseconds{0}, now - from_ns(since_ns));
}

}  // namespace loopscope::monitor
