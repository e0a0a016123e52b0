#include "host_view.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

#include "proc_text.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t max_levels = 16;
// The watchdog waits for stacks and reads files; less than this is no interruption.
constexpr std::chrono::milliseconds waits_at_work{20};
constexpr std::chrono::milliseconds worth_a_look{1};

nanoseconds own_cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + nanoseconds{t.tv_nsec};
}

void add_levels(std::vector<std::string>& out, const std::string& mount, std::string path) {
  while (out.size() < max_levels) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    out.push_back(mount + path + "/cpu.stat");
    if (path.empty()) return;
    path.resize(path.rfind('/'));
  }
}

bool names_cpu_controller(std::string_view controllers) {
  for (std::size_t at = 0; at <= controllers.size();) {
    const auto end = std::min(controllers.find(',', at), controllers.size());
    if (controllers.substr(at, end - at) == "cpu") return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

std::vector<std::string> cpu_stat_candidates(std::string_view proc_self_cgroup) {
  std::vector<std::string> out;
  while (!proc_self_cgroup.empty()) {
    const auto line = proc_self_cgroup.substr(0, proc_self_cgroup.find('\n'));
    proc_self_cgroup.remove_prefix(std::min(line.size() + 1, proc_self_cgroup.size()));
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    if (path.empty() || path.front() != '/') continue;
    if (controllers.empty()) {
      add_levels(out, "/sys/fs/cgroup", path);
    } else if (names_cpu_controller(controllers)) {
      add_levels(out, "/sys/fs/cgroup/" + std::string(controllers), path);
      if (controllers != "cpu") add_levels(out, "/sys/fs/cgroup/cpu", path);
    }
  }
  return out;
}

host_view::host_view() : own_schedstat_("/proc/thread-self/schedstat") {
  for (const auto& path : cpu_stat_candidates(proc_file("/proc/self/cgroup").read())) {
    proc_file file(path);
    if (parse_throttled(file.read())) cpu_stats_.push_back(std::move(file));
  }
  own_run_delay_ = parse_run_delay(own_schedstat_.read()).value_or(nanoseconds{0});
}

host_totals host_view::woke_up(std::chrono::steady_clock::time_point due, std::chrono::steady_clock::time_point now) {
  std::optional<nanoseconds> throttled;
  for (const auto& file : cpu_stats_) {
    const auto level = parse_throttled(file.read());
    // A sum, since the highest total need not be the one that grows.
    if (level) throttled = throttled.value_or(nanoseconds{0}) + *level;
  }
  totals_.throttled = throttled;
  totals_.watchdog_late += std::max(nanoseconds{0}, now - due - run_delay_since_last());
  woke_up_at_ = now;
  cpu_at_wake_up_ = own_cpu();
  return totals_;
}

void host_view::falls_asleep(std::chrono::steady_clock::time_point now) {
  const auto not_working = now - woke_up_at_ - (own_cpu() - cpu_at_wake_up_);
  if (not_working < worth_a_look) return;
  const auto lost = not_working - run_delay_since_last();
  if (lost > waits_at_work) totals_.watchdog_late += lost;
}

nanoseconds host_view::run_delay_since_last() {
  const auto total = parse_run_delay(own_schedstat_.read()).value_or(own_run_delay_);
  return total - std::exchange(own_run_delay_, total);
}

}  // namespace loopscope::monitor
