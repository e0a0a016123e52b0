// SPDX-License-Identifier: MIT

// A library to preload: lets so many allocations of a process succeed and fails those that follow, as a test asks for
// in the file that LOOPSCOPE_FAIL_ALLOCATION names, which both map. Those that libdw makes always succeed: it asserts
// that there is memory in some places, and uses a null pointer in others.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

struct control {
  std::atomic<std::int64_t> armed;     // 0: every allocation succeeds
  std::atomic<std::int64_t> allowed;   // how many more succeed
  std::atomic<std::int64_t> failures;  // how many fail then
  std::atomic<std::int64_t> failed;    // how many have failed
};

control* map_control() {
  const char* const path = std::getenv("LOOPSCOPE_FAIL_ALLOCATION");
  const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const memory = ::mmap(nullptr, sizeof(control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<control*>(memory);
}

control* asked = nullptr;
__attribute__((constructor)) void begin() {
  asked = map_control();
}

bool is_of_libdw(const void* caller) {
  Dl_info found{};
  if (::dladdr(caller, &found) == 0 || found.dli_fname == nullptr) return false;
  return std::strstr(found.dli_fname, "/libdw") != nullptr || std::strstr(found.dli_fname, "/libelf") != nullptr;
}

bool fails(const void* caller) {
  if (asked == nullptr || asked->armed == 0 || is_of_libdw(caller)) return false;
  const std::int64_t left = asked->allowed--;
  if (left > 0 || -left >= asked->failures) return false;
  ++asked->failed;
  errno = ENOMEM;
  return true;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

// Of what a kernel gives, only memory: files are not allocations.
void* mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  static auto* const real = next<void*(void*, std::size_t, int, int, int, off_t)>("mmap");
  if ((flags & MAP_ANONYMOUS) != 0 && fails(__builtin_return_address(0))) return MAP_FAILED;
  return real(at, size, protection, flags, file, offset);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  static auto* const real = next<void*(std::size_t, std::size_t)>("aligned_alloc");
  return fails(__builtin_return_address(0)) ? nullptr : real(alignment, size);
}

#ifndef LOOPSCOPE_SANITIZED
// glibc's own names, since dlsym(3) itself may allocate.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

void* malloc(std::size_t size) {
  return fails(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  return fails(__builtin_return_address(0)) ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
  return fails(__builtin_return_address(0)) ? nullptr : __libc_realloc(memory, size);
}
#endif

}  // extern "C"

#ifdef LOOPSCOPE_SANITIZED
// A sanitizer's operator new does not come by malloc(3).
void* operator new(std::size_t size) {
  static auto* const real = next<void*(std::size_t)>("_Znwm");
  if (!fails(__builtin_return_address(0))) return real(size);
  if (const std::new_handler handler = std::get_new_handler()) handler();
  throw std::bad_alloc{};
}
#endif
