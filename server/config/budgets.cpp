// SPDX-License-Identifier: MIT

#include "budgets.hpp"

#include <algorithm>
#include <cmath>

namespace loopscope::config {
namespace {

constexpr std::uint64_t min_budget_bytes = 1ULL << 20;
constexpr std::size_t min_pool_threads = 2;

/// `eighths`: of the memory beyond own_memory_bytes.
std::uint64_t eighths_within(const container_limits& limits, std::uint64_t eighths, std::uint64_t usual) noexcept {
  if (!limits.memory_bytes) return usual;
  const std::uint64_t left = *limits.memory_bytes - std::min(*limits.memory_bytes, own_memory_bytes);
  return std::min(usual, std::max(min_budget_bytes, left / 8 * eighths));
}

}  // namespace

std::uint64_t pending_bytes_within(const container_limits& limits, std::uint64_t usual) noexcept {
  return eighths_within(limits, 6, usual);
}

std::uint64_t connection_bytes_within(const container_limits& limits, std::size_t io_threads,
                                      std::uint64_t usual) noexcept {
  return std::min(usual, std::max(min_budget_bytes, eighths_within(limits, 1, usual * io_threads) / io_threads));
}

std::size_t pool_threads_within(const container_limits& limits, std::size_t usual) noexcept {
  if (!limits.cpus || *limits.cpus >= static_cast<double>(usual)) return usual;
  return std::min(usual, std::max(min_pool_threads, static_cast<std::size_t>(std::ceil(*limits.cpus))));
}

std::size_t cpus_within(const container_limits& limits, std::size_t allowed) noexcept {
  if (!limits.cpus || *limits.cpus >= static_cast<double>(allowed)) return allowed;
  return std::max(std::size_t{1}, static_cast<std::size_t>(*limits.cpus));
}

}  // namespace loopscope::config
