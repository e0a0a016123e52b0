// SPDX-License-Identifier: MIT

#include "process_memory.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace loopscope::monitor {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t pages_per_call = 32;

/// For a container whose seccomp profile refuses process_vm_readv(2), as that of Docker 20.10 does.
std::size_t blocking_read_file(pid_t pid, std::uintptr_t address, std::span<std::byte> out) noexcept {
  std::array<char, 32> path;
  std::snprintf(path.data(), path.size(), "/proc/%d/mem", static_cast<int>(pid));
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::size_t done = 0;
  while (done < out.size()) {
    const auto size = ::pread(file, out.data() + done, out.size() - done, static_cast<off_t>(address + done));
    if (size <= 0) break;
    done += static_cast<std::size_t>(size);
  }
  ::close(file);
  return done;
}

}  // namespace

std::size_t process_memory::blocking_read(std::uintptr_t address, std::span<std::byte> out) const noexcept {
  std::size_t done = 0;
  while (done < out.size()) {
    // The kernel does not split a range at its first bad page, so that each page is a range of its own.
    std::array<iovec, pages_per_call> ranges;
    std::size_t count = 0;
    std::size_t wanted = 0;
    while (count < ranges.size() && done + wanted < out.size()) {
      const auto at = address + done + wanted;
      const auto size = std::min(page - at % page, out.size() - done - wanted);
      ranges[count++] = {reinterpret_cast<void*>(at), size};
      wanted += size;
    }
    const iovec local{out.data() + done, wanted};
    const auto size = ::process_vm_readv(pid_, &local, 1, ranges.data(), count, 0);
    if (size < 0 && (errno == EPERM || errno == ENOSYS))
      return done + blocking_read_file(pid_, address + done, out.subspan(done));
    if (size <= 0) return done;
    done += static_cast<std::size_t>(size);
    if (static_cast<std::size_t>(size) < wanted) return done;
  }
  return done;
}

}  // namespace loopscope::monitor
