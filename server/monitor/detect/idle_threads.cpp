// SPDX-License-Identifier: MIT

#include "idle_threads.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "event_queue.hpp"
#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

std::vector<waiting_thread> find_waiting_threads(std::size_t max_threads) {
  std::vector<waiting_thread> out;
  std::error_code failed;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator each("/proc/self/task", failed), end; !failed && each != end;
       each.increment(failed)) {
    if (++count > max_threads) break;
    const auto tid = system::parse_number<pid_t>(each->path().filename().string());
    const auto call = system::parse_syscall(system::proc_file(each->path().string() + "/syscall").read());
    if (tid && call && !call->running && (call->number == SYS_futex || is_event_wait(*call)))
      out.push_back({*tid, *call});
  }
  return out;
}

bool is_condition_wait(const system::syscall_line& call) noexcept {
  return call.number == SYS_futex && (static_cast<int>(call.arguments[1]) & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
}

}  // namespace loopscope::monitor
