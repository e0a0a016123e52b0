// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

namespace loopscope::monitor {

/// Reads the memory of this process or of another one.
///
/// Errors: an address that cannot be read is a short read, never a fault. Another process needs the same user and what
/// ptrace(2) asks for besides. Threads: any. Source: process_vm_readv(2), proc(5).
class process_memory {
 public:
  explicit process_memory(pid_t pid) noexcept : pid_(pid) {}

  /// Returns how many bytes could be read from the address on. May wait for the process's memory map while the kernel
  /// changes that.
  std::size_t blocking_read(std::uintptr_t address, std::span<std::byte> out) const noexcept;

  template <class T>
  std::optional<T> blocking_read(std::uintptr_t address) const noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    const auto bytes = std::as_writable_bytes(std::span(&value, 1));
    if (blocking_read(address, bytes) != sizeof value) return std::nullopt;
    return value;
  }

 private:
  pid_t pid_;
};

}  // namespace loopscope::monitor
