// SPDX-License-Identifier: MIT

#include "out_of_memory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <string_view>

#include "program.hpp"

namespace loopscope {
namespace {

/// A full pipe on stderr must not keep the process alive.
constexpr int stderr_timeout_ms = 1000;

/// Must not allocate or lock: other threads may hold any lock.
[[noreturn]] void end_process() {
  // Of several threads that fail at once, one tells it: a second would find stderr closed, and end the process.
  static std::atomic_flag ends;
  while (ends.test_and_set()) ::pause();
  constexpr std::string_view name_end = ": out of memory: an allocation failed, so the process ends\n";
  std::array<char, 128> line;
  std::size_t size = std::string_view{program_invocation_short_name}.copy(line.data(), line.size() - name_end.size());
  size += name_end.copy(line.data() + size, name_end.size());
  // After this no other thread can write to stderr, so this line is the last one.
  const int last = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (last >= 0) ::close(STDERR_FILENO);
  pollfd output{.fd = last >= 0 ? last : STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&output, 1, stderr_timeout_ms) == 1) {
    [[maybe_unused]] const ssize_t written = ::write(output.fd, line.data(), size);
  }
  ::_exit(exit_could_not_run);
}

}  // namespace

void end_process_when_out_of_memory() noexcept {
  std::set_new_handler(end_process);
}

}  // namespace loopscope

// Asio (Boost 1.81) allocates handlers with aligned_alloc(3), which does not call the new_handler. The linker replaces
// it with this function (--wrap, see CMakeLists.txt).
extern "C" {
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size);

void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  for (;;) {
    if (void* const memory = __real_aligned_alloc(alignment, size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}
}
