// SPDX-License-Identifier: MIT

#include "heartbeat.hpp"

#include <time.h>

#include <algorithm>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

}  // namespace

void heartbeat::beat(pid_t tid) noexcept {
  cpu_ns_.store(system::read_clock(CLOCK_THREAD_CPUTIME_ID).count(), std::memory_order_relaxed);
  tid_.store(tid, std::memory_order_relaxed);
  beat_at_ns_.store(to_ns(std::chrono::steady_clock::now()), std::memory_order_release);
  if (wake_wanted_.load(std::memory_order_relaxed)) wake_->post();
}

void heartbeat::arm(std::optional<time_point> blocked_since) noexcept {
  beat_taken_ = false;
  blocked_since_ns_.store(blocked_since ? to_ns(*blocked_since) : 0, std::memory_order_relaxed);
  beat_at_ns_.store(0, std::memory_order_release);
}

std::optional<heartbeat::probe_beat> heartbeat::take_beat() noexcept {
  if (beat_taken_) return std::nullopt;
  const auto at_ns = beat_at_ns_.load(std::memory_order_acquire);
  if (at_ns == 0) return std::nullopt;
  beat_taken_ = true;
  probe_beat out;
  out.time = from_ns(at_ns);
  out.cpu = nanoseconds{cpu_ns_.load(std::memory_order_relaxed)};
  out.tid = tid_.load(std::memory_order_relaxed);
  return out;
}

void heartbeat::stall_began(std::uint64_t stall) noexcept {
  delayed_count_.store(0, std::memory_order_relaxed);
  delayed_max_ns_.store(0, std::memory_order_relaxed);
  stall_end_ns_.store(0, std::memory_order_relaxed);
  stall_to_blame_.store(stall, std::memory_order_release);
  wake_wanted_.store(true, std::memory_order_relaxed);
}

void heartbeat::stall_ended(time_point end) noexcept {
  wake_wanted_.store(false, std::memory_order_relaxed);
  stall_end_ns_.store(to_ns(end), std::memory_order_relaxed);
}

void heartbeat::stop_blaming() noexcept {
  stall_to_blame_.store(0, std::memory_order_relaxed);
}

void heartbeat::note_delayed(std::uint64_t stall, nanoseconds waited, time_point now) noexcept {
  if (stall == 0 || stall_to_blame_.load(std::memory_order_acquire) != stall) return;
  // Until the watchdog has stored the end of the stall, the probe's beat marks it.
  auto end_ns = stall_end_ns_.load(std::memory_order_relaxed);
  if (end_ns == 0) end_ns = beat_at_ns_.load(std::memory_order_relaxed);
  const bool began_after_end = end_ns != 0 && to_ns(now) - waited.count() > end_ns;
  if (began_after_end || waited <= nanoseconds{0}) return;

  delayed_count_.fetch_add(1, std::memory_order_relaxed);
  auto max_ns = delayed_max_ns_.load(std::memory_order_relaxed);
  while (max_ns < waited.count() &&
         !delayed_max_ns_.compare_exchange_weak(max_ns, waited.count(), std::memory_order_relaxed)) {
  }
}

delayed_requests heartbeat::delayed() const noexcept {
  return {delayed_count_.load(std::memory_order_relaxed), nanoseconds{delayed_max_ns_.load(std::memory_order_relaxed)}};
}

nanoseconds heartbeat::blocked_for(time_point now) const noexcept {
  const bool outstanding = beat_at_ns_.load(std::memory_order_acquire) == 0;
  return outstanding ? last_blocked_for(now) : nanoseconds{0};
}

nanoseconds heartbeat::last_blocked_for(time_point now) const noexcept {
  const auto beat_ns = beat_at_ns_.load(std::memory_order_acquire);
  const auto since_ns = blocked_since_ns_.load(std::memory_order_relaxed);
  if (since_ns == 0) return nanoseconds{0};
  return std::max(nanoseconds{0}, (beat_ns == 0 ? now : from_ns(beat_ns)) - from_ns(since_ns));
}

}  // namespace loopscope::monitor
