// SPDX-License-Identifier: MIT

#include "stack_slot.hpp"

#include <time.h>

#include <cerrno>

#include "writers/system/clock.hpp"

namespace loopscope::monitor {

bool stack_slot::change(std::uint32_t generation, phase from, phase to) noexcept {
  auto expected = state_of(generation, from);
  return state_.compare_exchange_strong(expected, state_of(generation, to), std::memory_order_acq_rel);
}

std::uint32_t stack_slot::generation() const noexcept {
  return static_cast<std::uint32_t>(state_.load(std::memory_order_acquire) >> 32U);
}

bool stack_slot::try_reserve() noexcept {
  if (taken_.exchange(true)) return false;
  ::sem_init(&filled_, 0, 0);
  return true;
}

void stack_slot::release() noexcept {
  if (!change(generation(), phase::abandoned, phase::released)) taken_.store(false);
}

std::uint32_t stack_slot::arm() noexcept {
  const auto previous = generation();
  if (state_.load(std::memory_order_acquire) != state_of(previous, phase::idle)) return 0;
  const auto next = previous + 1 == 0 ? 1 : previous + 1;
  state_.store(state_of(next, phase::armed), std::memory_order_release);
  return next;
}

bool stack_slot::claim(std::uint32_t generation) noexcept {
  return change(generation, phase::armed, phase::writing);
}

void stack_slot::publish(std::uint32_t generation) noexcept {
  if (change(generation, phase::writing, phase::full)) {
    ::sem_post(&filled_);
  } else if (!change(generation, phase::abandoned, phase::idle)) {
    change(generation, phase::released, phase::idle);
    taken_.store(false);
  }
}

bool stack_slot::is_full() const noexcept {
  return state_.load(std::memory_order_acquire) == state_of(generation(), phase::full);
}

bool stack_slot::blocking_wait_until_full(std::chrono::nanoseconds timeout) noexcept {
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  const auto deadline = system::to_nanoseconds(until) + timeout;
  until.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(deadline).count();
  until.tv_nsec = (deadline % std::chrono::seconds{1}).count();
  while (!is_full()) {
    if (::sem_clockwait(&filled_, CLOCK_MONOTONIC, &until) != 0 && errno != EINTR) break;
  }
  return is_full();
}

void stack_slot::give_up() noexcept {
  const auto current = generation();
  // A phase may change between two attempts, but only in this order.
  if (change(current, phase::armed, phase::idle)) return;
  if (change(current, phase::writing, phase::abandoned)) return;
  change(current, phase::full, phase::idle);
}

}  // namespace loopscope::monitor
