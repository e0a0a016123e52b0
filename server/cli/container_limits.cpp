#include "container_limits.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace loopscope::cli {
namespace {

namespace fs = std::filesystem;

// v1 has no word for "no limit": it shows the largest multiple of a page instead.
constexpr std::uint64_t no_limit_bytes = 1ULL << 62;

std::string blocking_read_line(const fs::path& file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  return line;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class Value>
void keep_least(std::optional<Value>& least, std::optional<Value> other) {
  if (other && (!least || *other < *least)) least = other;
}

void take_memory(container_limits& limits, const std::string& text) {
  const auto bytes = read_number<std::uint64_t>(text);
  if (bytes && *bytes < no_limit_bytes) keep_least(limits.memory_bytes, bytes);
}

void take_quota(container_limits& limits, std::string_view quota_us, std::string_view period_us) {
  const auto quota = read_number<std::int64_t>(quota_us);
  const auto period = read_number<std::int64_t>(period_us);
  if (!quota || !period || *quota <= 0 || *period <= 0) return;  // "max" in v2, -1 in v1
  keep_least(limits.cpus, std::optional{static_cast<double>(*quota) / static_cast<double>(*period)});
}

/// Calls take(directory) for the group's directory and for each above it, the mount's own last.
template <class Take>
void walk_up(const fs::path& mount, const fs::path& group, Take take) {
  // A group outside this process's namespace shows as /../..; the mount is then all that can be seen.
  fs::path below = group.lexically_normal().relative_path();
  for (; !below.empty(); below = below.parent_path()) take(mount / below);
  take(mount);
}

void take_v2(container_limits& limits, const fs::path& mount, const fs::path& group) {
  walk_up(mount, group, [&limits](const fs::path& at) {
    take_memory(limits, blocking_read_line(at / "memory.max"));
    const std::string quota_and_period = blocking_read_line(at / "cpu.max");
    const auto space = quota_and_period.find(' ');
    if (space == std::string::npos) return;
    take_quota(limits, std::string_view{quota_and_period}.substr(0, space),
               std::string_view{quota_and_period}.substr(space + 1));
  });
}

void take_v1(container_limits& limits, const fs::path& mount, const fs::path& group, std::string_view controller) {
  walk_up(mount, group, [&limits, controller](const fs::path& at) {
    if (controller == "memory") take_memory(limits, blocking_read_line(at / "memory.limit_in_bytes"));
    if (controller == "cpu") {
      take_quota(limits, blocking_read_line(at / "cpu.cfs_quota_us"), blocking_read_line(at / "cpu.cfs_period_us"));
    }
  });
}

}  // namespace

container_limits blocking_read_container_limits(const fs::path& root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  container_limits limits;
  std::ifstream groups{root / "proc/self/cgroup"};
  // A line is ID:CONTROLLERS:PATH; v2's controllers are empty.
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) take_v2(limits, mounts, group);
    std::istringstream names{controllers};
    for (std::string name; std::getline(names, name, ',');) {
      // Mounted as "cpu,cpuacct" with a link for each of the two, or one by one.
      const fs::path mount = fs::exists(mounts / name) ? mounts / name : mounts / controllers;
      take_v1(limits, mount, group, name);
    }
  }
  return limits;
}

}  // namespace loopscope::cli
