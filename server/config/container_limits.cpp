// SPDX-License-Identifier: MIT

#include "container_limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "writers/system/cgroup.hpp"
#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::config {
namespace {

namespace fs = std::filesystem;

// Version 1 shows the largest multiple of a page when there is no limit.
constexpr std::uint64_t no_limit_bytes = 1ULL << 62;

std::string blocking_read_text(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The number that is the whole text; a line feed may follow.
template <class Number>
std::optional<Number> read_number(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return system::parse_number<Number>(text);
}

template <class Value>
void keep_min(std::optional<Value>& min, std::optional<Value> other) {
  if (other && (!min || *other < *min)) min = other;
}

void take_memory(container_limits& limits, std::optional<std::uint64_t> bytes) {
  if (bytes && *bytes < no_limit_bytes) keep_min(limits.memory_bytes, bytes);
}

void take_quota(container_limits& limits, std::string_view quota_us, std::string_view period_us) {
  const auto quota = read_number<std::int64_t>(quota_us);
  const auto period = read_number<std::int64_t>(period_us);
  if (!quota || !period || *quota <= 0 || *period <= 0) return;  // no quota: "max" in version 2, -1 in version 1
  keep_min(limits.cpus, std::optional{static_cast<double>(*quota) / static_cast<double>(*period)});
}

void take_process_limits(container_limits& limits) {
  for (const auto which : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(which, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
      keep_min(limits.memory_bytes, std::optional{std::uint64_t{limit.rlim_cur}});
  }
}

}  // namespace

container_limits blocking_read_container_limits(const fs::path& root) {
  container_limits limits;
  for (const auto& group : system::blocking_find_cgroups("memory", root)) {
    for (const auto* file : {"memory.max", "memory.high", "memory.limit_in_bytes"})
      take_memory(limits, read_number<std::uint64_t>(blocking_read_text(group / file)));
    // In version 1 this includes the groups above the mount.
    const std::string stat = blocking_read_text(group / "memory.stat");
    take_memory(limits, system::parse_field(stat, "hierarchical_memory_limit"));
  }
  for (const auto& group : system::blocking_find_cgroups("cpu", root)) {
    const std::string both = blocking_read_text(group / "cpu.max");
    std::string_view period = both;
    const std::string_view quota = system::next_word(period);
    take_quota(limits, quota, system::next_word(period));
    take_quota(limits, blocking_read_text(group / "cpu.cfs_quota_us"), blocking_read_text(group / "cpu.cfs_period_us"));
  }
  take_process_limits(limits);
  return limits;
}

}  // namespace loopscope::config
