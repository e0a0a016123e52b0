#include "descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "server/http/serve/accept_policy.hpp"

namespace loopscope::app {
namespace {

// An io_context: epoll, its eventfd, its timerfd.
constexpr std::size_t of_a_context = 3;
// A loop: its context, listener, ring with an eventfd, and the files of its thread in /proc that the monitor reads.
constexpr std::size_t of_a_loop = of_a_context + 1 + 2 + 4;
// The clients of a loop: one that is served, and those beyond it that only get a 503.
constexpr std::size_t of_its_clients = 9;
// The process: descriptors 0 to 2, the contexts of the admin plane, with its listener, and of the control thread,
// Asio's reserve and its pipe for signals, the watchdog's two files in /proc and cpu.stat of its cgroups.
constexpr std::size_t of_the_process = 3 + of_a_context + 1 + of_a_context + 1 + 2 + 2 + 4;
// At once: a client of the admin plane, a write's file, its directory and the file read back, two files that the admin
// plane reads, and three programs and libraries in which a stall's functions are looked up.
constexpr std::size_t of_use = 1 + 3 + 2 + 3;
// More clients of the admin plane, more writes: what the clients of the data plane must leave.
constexpr std::size_t max_reserved = 256;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::size_t least_descriptors(const cli::serve_config& config) {
  return of_the_process + config.io_threads * (of_a_loop + of_its_clients) + of_use;
}

std::size_t connections_within(std::size_t descriptors, const cli::serve_config& config) {
  const std::size_t spare = descriptors - std::min(descriptors, least_descriptors(config));
  const std::size_t for_clients = spare - std::min(max_reserved, spare / 4) + config.io_threads * of_its_clients;
  const std::size_t of_a_listener = for_clients / config.io_threads;
  // The most that a listener serves and still pauses at its share.
  std::size_t connections = std::min(config.clients.max_connections, of_a_listener);
  while (connections > 1 && http::decide_accept(of_a_listener, connections) != http::accept_decision::pause)
    --connections;
  return connections;
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
