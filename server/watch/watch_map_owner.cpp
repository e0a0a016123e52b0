// SPDX-License-Identifier: MIT

#include "watch_map_owner.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cycle_counter.hpp"

namespace loopscope::watch {
namespace {

[[noreturn]] void fail_to_share(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

/// Errors: system_error; the descriptor is closed then.
watch_map* map_and_seal(int descriptor) {
  const auto size = static_cast<off_t>(sizeof(watch_map));
  if (::ftruncate(descriptor, size) != 0) fail_to_share("the shared memory of watch (ftruncate)");
  // A kernel without seals gives a map that the command could cut: nothing that a sane one does.
  ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  void* memory = ::mmap(nullptr, sizeof(watch_map), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) fail_to_share("the shared memory of watch (mmap)");
  return static_cast<watch_map*>(memory);
}

}  // namespace

watch_map_owner::watch_map_owner(std::chrono::nanoseconds long_turn)
    : descriptor_{::memfd_create("loopscope-watch", MFD_CLOEXEC | MFD_ALLOW_SEALING)} {
  if (descriptor_ < 0) fail_to_share("the shared memory of watch (memfd_create)");
  try {
    map_ = map_and_seal(descriptor_);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
  // All else begins as the zeros of new memory: the words are free, and nothing has been lost.
  map_->magic = map_magic;
  map_->size = sizeof(watch_map);
  map_->long_turn_ns = long_turn.count();
  map_->cycles = blocking_measure_cycles();
  struct stat file {};
  if (::fstat(descriptor_, &file) == 0) inode_ = file.st_ino;
  path_ = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
}

watch_map_owner::~watch_map_owner() {
  ::munmap(map_, sizeof(watch_map));
  ::close(descriptor_);
}

}  // namespace loopscope::watch
