#include "data_waiting.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstddef>

namespace loopscope::monitor {

std::optional<std::chrono::milliseconds> data_waiting_since(int socket_fd) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_last_data_recv) + sizeof info.tcpi_last_data_recv) return std::nullopt;
  return std::chrono::milliseconds{info.tcpi_last_data_recv};
}

}  // namespace loopscope::monitor
