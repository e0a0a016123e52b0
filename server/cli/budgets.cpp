#include "budgets.hpp"

#include <algorithm>
#include <cmath>

namespace loopscope::cli {
namespace {

constexpr std::uint64_t least_pending_bytes = 1ULL << 20;
constexpr std::size_t least_pool_threads = 2;

}  // namespace

std::uint64_t pending_bytes_within(const container_limits& limits, std::uint64_t usual) noexcept {
  if (!limits.memory_bytes) return usual;
  const std::uint64_t left = *limits.memory_bytes - std::min(*limits.memory_bytes, own_memory_bytes);
  return std::min(usual, std::max(least_pending_bytes, left / 4 * 3));
}

std::size_t pool_threads_within(const container_limits& limits, std::size_t usual) noexcept {
  if (!limits.cpus || *limits.cpus >= static_cast<double>(usual)) return usual;
  return std::min(usual, std::max(least_pool_threads, static_cast<std::size_t>(std::ceil(*limits.cpus))));
}

}  // namespace loopscope::cli
