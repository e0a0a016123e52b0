#include "descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace loopscope::app {
namespace {

// An io_context: epoll, its eventfd, its timerfd.
constexpr std::size_t of_a_context = 3;
// A loop: its context, listener, ring with an eventfd, and the files of its thread in /proc that the monitor reads.
constexpr std::size_t of_a_loop = of_a_context + 1 + 2 + 4;
// The process: descriptors 0 to 2, the contexts of the admin plane, with its listener, and of the control thread,
// Asio's reserve and its pipe for signals, the watchdog's two files in /proc and cpu.stat of its cgroups.
constexpr std::size_t of_the_process = 3 + of_a_context + 1 + of_a_context + 1 + 2 + 2 + 4;
// At once: a client of each plane, a write's file, its directory and what reads it back, the admin plane's look at
// files and memory, and the programs and libraries in which a stall's functions are looked up.
constexpr std::size_t of_use = 2 + 3 + 2 + 3;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::size_t least_descriptors(const cli::serve_config& config) {
  return of_the_process + config.io_threads * of_a_loop + of_use;
}

std::size_t count_free_descriptors(std::size_t wanted) {
  std::vector<int> opened;
  opened.reserve(wanted);
  while (opened.size() < wanted) {
    const int descriptor = ::open("/", O_PATH | O_CLOEXEC);
    if (descriptor < 0) break;
    opened.push_back(descriptor);
  }
  for (const int each : opened) ::close(each);
  return opened.size();
}

}  // namespace loopscope::app
