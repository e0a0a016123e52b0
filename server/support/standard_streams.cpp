#include "standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace loopscope {

void claim_standard_descriptors() noexcept {
  int lowest_free = 0;
  do lowest_free = ::open("/", O_PATH | O_CLOEXEC);
  while (lowest_free >= STDIN_FILENO && lowest_free <= STDERR_FILENO);
  if (lowest_free > STDERR_FILENO) ::close(lowest_free);
}

std::error_code blocking_write_all(int descriptor, std::string_view& text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // whoever shares the descriptor has made it non-blocking
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return {errno, std::generic_category()};
    }
  }
  return {};
}

bool blocking_print(const char* program, std::string_view text) noexcept {
  const std::error_code error = blocking_write_all(STDOUT_FILENO, text);
  if (error) std::fprintf(stderr, "%s: cannot write to stdout: %s\n", program, error.message().c_str());
  return !error;
}

}  // namespace loopscope
