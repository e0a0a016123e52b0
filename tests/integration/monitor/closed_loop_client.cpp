// SPDX-License-Identifier: MIT

// Sends /fast on a number of connections as fast as the server answers, and prints each answer that took long: nothing
// held a handler up for longer than the slowest answer. A request is due when the previous answer has come, so that the
// client's own delays are part of its answers.
//
//   closed_loop_client PORT CONNECTIONS SECONDS

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

constexpr double slow_ms = 5;
std::mutex printing;
std::atomic<long> answers{0};
// All connections ask from the last one's first request to the first one's last answer.
steady::time_point all_since = steady::time_point::min();
steady::time_point all_until = steady::time_point::max();

long long ns_of(steady::time_point t) {
  return t.time_since_epoch().count();
}

void ask_until(steady::time_point end, in_port_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  constexpr std::string_view request = "GET /fast HTTP/1.1\r\nHost: lab\r\n\r\n";
  auto due = steady::now();
  {
    const std::lock_guard lock(printing);
    all_since = std::max(all_since, due);
  }
  while (due < end) {
    char answer[4096];  // a whole answer is far smaller and arrives in one piece
    if (::write(socket, request.data(), request.size()) < 0 || ::read(socket, answer, sizeof answer) <= 0) std::abort();
    const auto start = std::exchange(due, steady::now());
    const double took_ms = std::chrono::duration<double, std::milli>(due - start).count();
    ++answers;
    if (took_ms < slow_ms) continue;
    const std::lock_guard lock(printing);
    std::printf("{\"answer\":{\"start_ns\":%lld,\"duration_ms\":%.3f}}\n", ns_of(start), took_ms);
  }
  {
    const std::lock_guard lock(printing);
    all_until = std::min(all_until, due);
  }
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto end =
      steady::now() + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{std::atof(argv[3])});
  {
    std::vector<std::jthread> connections;
    for (int i = std::atoi(argv[2]); i > 0; --i)
      connections.emplace_back(ask_until, end, static_cast<in_port_t>(std::atoi(argv[1])));
  }
  std::printf("{\"answers\":%ld,\"start_ns\":%lld,\"end_ns\":%lld}\n", answers.load(), ns_of(all_since),
              ns_of(all_until));
}
