#include "out_of_memory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <string_view>

namespace loopscope {
namespace {

/// A pipe that nobody reads must not keep a process that cannot go on.
constexpr int stderr_patience_ms = 1000;

/// Allocates nothing and takes no lock: any thread may be anywhere.
[[noreturn]] void end_process() {
  constexpr std::string_view name_end = ": out of memory: an allocation failed, so the process ends\n";
  std::array<char, 128> line;
  std::size_t size = std::string_view{program_invocation_short_name}.copy(line.data(), line.size() - name_end.size());
  size += name_end.copy(line.data() + size, name_end.size());
  // No other thread's line comes after this one.
  const int last = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (last >= 0) ::close(STDERR_FILENO);
  pollfd to{.fd = last >= 0 ? last : STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&to, 1, stderr_patience_ms) == 1) {
    [[maybe_unused]] const ssize_t written = ::write(to.fd, line.data(), size);
  }
  ::_exit(exit_out_of_memory);
}

}  // namespace

void end_process_when_out_of_memory() noexcept {
  std::set_new_handler(end_process);
}

}  // namespace loopscope

// Asio (Boost 1.81) allocates handlers with aligned_alloc(3), which knows no new_handler. The linker puts this in its
// place (--wrap, see CMakeLists.txt).
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
