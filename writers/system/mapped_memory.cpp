// SPDX-License-Identifier: MIT

#include "mapped_memory.hpp"

#include <sys/mman.h>

#include <new>

namespace loopscope::system {

void* mapped_memory::do_allocate(std::size_t bytes, std::size_t) {
  for (;;) {
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc{};
    handler();
  }
}

void mapped_memory::do_deallocate(void* memory, std::size_t bytes, std::size_t) {
  ::munmap(memory, bytes);
}

bool mapped_memory::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  return dynamic_cast<const mapped_memory*>(&other) != nullptr;
}

}  // namespace loopscope::system
