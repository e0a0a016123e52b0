#pragma once

#include <chrono>
#include <optional>

namespace loopscope::monitor {

/// How long ago the kernel received the last data of a TCP socket: right after a stall, and before the next
/// read, how long the oldest unanswered request has been waiting, at least.
///
/// Units: milliseconds, as coarse as the kernel's tick (1 to 10 ms). Errors: nullopt for anything but a TCP
/// socket. Cost: one system call, so ask only when loop_watch::stall_to_blame() names a stall. Threads: any.
/// Source: tcpi_last_data_recv, tcp(7).
std::optional<std::chrono::milliseconds> data_waiting_since(int socket_fd) noexcept;

}  // namespace loopscope::monitor
