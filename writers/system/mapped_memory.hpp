// SPDX-License-Identifier: MIT

#pragma once

#include <memory_resource>

namespace loopscope::system {

/// Memory straight from the kernel, which has it back at once when it is released: for what is large and short-lived.
///
/// malloc(3) keeps a burst of small blocks for the thread that made it; measured, 80 MB stayed resident after a flood
/// of a million writes of which nothing was in use any more. Units: bytes; every allocation takes whole pages, so put a
/// pool or a monotonic_buffer_resource on top. Errors: as operator new, calls the new_handler while the
/// kernel has none, and throws bad_alloc where there is no handler. Threads: any, several at once.
class mapped_memory final : public std::pmr::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;
};

}  // namespace loopscope::system
