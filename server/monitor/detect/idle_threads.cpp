#include "idle_threads.hpp"

#include <sys/syscall.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

std::vector<pid_t> find_idle_threads(const memory_range& scheduler, std::size_t max_threads) {
  std::vector<pid_t> out;
  std::error_code failed;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator each("/proc/self/task", failed), end; !failed && each != end;
       each.increment(failed)) {
    if (++count > max_threads) break;
    const auto tid = system::parse_number<pid_t>(each->path().filename().string());
    const auto call = system::parse_syscall(system::proc_file(each->path().string() + "/syscall").read());
    if (tid && call && !call->running && call->number == SYS_futex && scheduler.contains(call->arguments[0]))
      out.push_back(*tid);
  }
  return out;
}

}  // namespace loopscope::monitor
