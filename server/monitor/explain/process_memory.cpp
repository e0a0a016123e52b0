// SPDX-License-Identifier: MIT

#include "process_memory.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>

namespace loopscope::monitor {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t pages_per_call = 32;

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
    if (size <= 0) return done;
    done += static_cast<std::size_t>(size);
    if (static_cast<std::size_t>(size) < wanted) return done;
  }
  return done;
}

}  // namespace loopscope::monitor
