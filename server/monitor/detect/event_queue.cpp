// SPDX-License-Identifier: MIT

#include "event_queue.hpp"

#include <sys/syscall.h>

namespace loopscope::monitor {

bool is_event_wait(const system::syscall_line& call) noexcept {
#ifdef SYS_epoll_wait
  if (call.number == SYS_epoll_wait) return true;
#endif
#ifdef SYS_epoll_pwait2
  if (call.number == SYS_epoll_pwait2) return true;
#endif
  return call.number == SYS_epoll_pwait || call.number == SYS_io_uring_enter;
}

std::optional<bool> event_queue::is_own(const system::syscall_line& wait) {
  const auto descriptor = static_cast<int>(wait.arguments[0]);
  if (descriptor_) return descriptor_ == descriptor;
  const auto own = owns_ ? owns_(descriptor) : std::nullopt;
  if (own == true) descriptor_ = descriptor;
  return own;
}

}  // namespace loopscope::monitor
