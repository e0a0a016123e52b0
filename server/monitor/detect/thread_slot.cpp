// SPDX-License-Identifier: MIT

#include "thread_slot.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {
namespace {

using steady = std::chrono::steady_clock;

constexpr auto handler_bounds_ns = [] {
  std::array<std::int64_t, handler_bounds_s.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::int64_t>((handler_bounds_s[i] * 1e10 + 5) / 10);
  return out;
}();

template <class Number>
void add(std::atomic<Number>& word, Number value) noexcept {
  word.store(word.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
}

void raise(std::atomic<std::int64_t>& word, std::int64_t value) noexcept {
  if (word.load(std::memory_order_relaxed) < value) word.store(value, std::memory_order_relaxed);
}

}  // namespace

thread_identity thread_identity::of_this_thread() noexcept {
  thread_identity out;
  out.tid = ::gettid();
  ::pthread_getcpuclockid(::pthread_self(), &out.cpu_clock);
  return out;
}

// The kernel encodes the thread in the number of its CPU clock: posix-timers.h, CPUCLOCK_PERTHREAD_MASK |
// CPUCLOCK_SCHED.
thread_identity thread_identity::of(pid_t tid) noexcept {
  constexpr clockid_t of_one_thread = 4;
  constexpr clockid_t by_scheduler = 2;
  return {tid, ~static_cast<clockid_t>(tid) * 8 | of_one_thread | by_scheduler};
}

thread_slot::thread_slot(const thread_identity& identity, duration long_turn,
                         std::shared_ptr<wake_signal> wake) noexcept
    : long_turn_(long_turn), wake_(std::move(wake)), tid_(identity.tid), cpu_clock_(identity.cpu_clock) {}

void thread_slot::set_identity(const thread_identity& identity) noexcept {
  tid_.store(identity.tid, std::memory_order_relaxed);
  cpu_clock_.store(identity.cpu_clock, std::memory_order_relaxed);
}

watched_thread thread_slot::id() const noexcept {
  return {::getpid(), tid_.load(std::memory_order_relaxed)};
}

std::optional<thread_slot::duration> thread_slot::blocking_cpu() const {
  timespec cpu{};
  if (::clock_gettime(cpu_clock_.load(std::memory_order_relaxed), &cpu) != 0) return std::nullopt;
  return system::to_nanoseconds(cpu);
}

void thread_slot::start_turn(time_point now) noexcept {
  turn_start_ns_.store(to_ns(now), std::memory_order_relaxed);
  waited_.store(false, std::memory_order_relaxed);
  // Published last: who sees the new number sees its start, or none.
  turn_.store(turn_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void thread_slot::enter() noexcept {
  seated_.store(true, std::memory_order_relaxed);
  start_turn(steady::now());
  add(depth_, 1);
}

void thread_slot::leave() noexcept {
  const auto now = steady::now();
  const auto number = turn_.load(std::memory_order_relaxed);
  const auto start = from_ns(turn_start_ns_.load(std::memory_order_relaxed));
  add(depth_, -1);
  start_turn(now);
  if (awaited_.load(std::memory_order_relaxed))
    publish({number, std::nullopt, now, now - start, system::read_clock(CLOCK_THREAD_CPUTIME_ID)});
}

void thread_slot::note_probe() noexcept {
  last_probe_ns_.store(to_ns(steady::now()), std::memory_order_relaxed);
}

void thread_slot::before_wait() noexcept {
  cpu_before_wait_ns_.store(system::read_clock(CLOCK_THREAD_CPUTIME_ID).count(), std::memory_order_relaxed);
  wait_ns_.store(to_ns(steady::now()), std::memory_order_relaxed);
  waited_.store(true, std::memory_order_release);
}

void thread_slot::end_turn() noexcept {
  const auto now = steady::now();
  const auto start = from_ns(turn_start_ns_.load(std::memory_order_relaxed));
  const bool waited = waited_.load(std::memory_order_relaxed);
  duration cpu{0};
  duration took = now - start;
  if (waited) {
    cpu = system::read_clock(CLOCK_THREAD_CPUTIME_ID);
    took = cpu - duration{cpu_before_wait_ns_.load(std::memory_order_relaxed)};
  }
  record(took);
  const auto number = turn_.load(std::memory_order_relaxed);
  start_turn(now);
  if (took >= long_turn_ || awaited_.load(std::memory_order_relaxed)) {
    if (!waited) cpu = system::read_clock(CLOCK_THREAD_CPUTIME_ID);
    publish({number, waited ? std::nullopt : std::optional{start}, now, took, cpu});
  }
}

void thread_slot::record(duration took) noexcept {
  const auto ns = took.count();
  add(count_, std::uint64_t{1});
  add(sum_ns_, ns);
  raise(max_ns_, ns);
  raise(max_turn_ns_, ns);
  // Nearly all handlers are in the first cells.
  std::size_t cell = 0;
  while (cell < handler_bounds_ns.size() && ns > handler_bounds_ns[cell]) ++cell;
  add(cells_[cell], std::uint64_t{1});
}

void thread_slot::publish(const ended_turn& ended) noexcept {
  const auto next = published_.load(std::memory_order_relaxed);
  if (next - taken_.load(std::memory_order_acquire) < ring_size) {
    ended_[next % ring_size] = ended;
    published_.store(next + 1, std::memory_order_release);
  }
  awaited_.store(false, std::memory_order_relaxed);
  wake_->post();
}

std::optional<thread_slot::ended_turn> thread_slot::take_ended_turn() noexcept {
  const auto next = taken_.load(std::memory_order_relaxed);
  if (next == published_.load(std::memory_order_acquire)) return std::nullopt;
  const auto out = ended_[next % ring_size];
  taken_.store(next + 1, std::memory_order_release);
  return out;
}

thread_slot::turn thread_slot::current_turn() const noexcept {
  turn out;
  out.number = turn_.load(std::memory_order_acquire);
  const auto start_ns = turn_start_ns_.load(std::memory_order_relaxed);
  const bool waited = waited_.load(std::memory_order_acquire);
  const wait_begin wait{from_ns(wait_ns_.load(std::memory_order_relaxed)),
                        duration{cpu_before_wait_ns_.load(std::memory_order_relaxed)}};
  std::atomic_thread_fence(std::memory_order_acquire);
  if (turn_.load(std::memory_order_relaxed) != out.number) return out;
  if (waited) {
    out.wait = wait;
  } else {
    out.start = from_ns(start_ns);
  }
  return out;
}

thread_slot::duration thread_slot::take_max_turn() noexcept {
  return duration{max_turn_ns_.exchange(0, std::memory_order_relaxed)};
}

void thread_slot::add_handler_times(handler_times& out) const noexcept {
  out.count += count_.load(std::memory_order_relaxed);
  out.sum += duration{sum_ns_.load(std::memory_order_relaxed)};
  out.max = std::max(out.max, duration{max_ns_.load(std::memory_order_relaxed)});
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < out.buckets.size(); ++i) {
    cumulative += cells_[i].load(std::memory_order_relaxed);
    out.buckets[i] += cumulative;
  }
}

}  // namespace loopscope::monitor
