// SPDX-License-Identifier: MIT

#include "server/watch/preload/watched_process.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "server/watch/preload/monotonic_clock.hpp"

// glibc's pthread_atfork(3); musl has no such symbol.
// NOLINTNEXTLINE(readability-identifier-naming): the name is libc's
extern "C" int __register_atfork(void (*)(), void (*)(), void (*)(), void*) noexcept __attribute__((weak));

namespace loopscope::watch {

constinit watch_map* watched_process::shared_map = nullptr;
constinit std::atomic<watched_process::own_words*> watched_process::own_page{nullptr};

namespace {

// Not getenv(3): shells have their own, which is not ready so early.
const char* value_of(const char* variable) noexcept {
  const auto length = std::strlen(variable);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, variable, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  }
  return nullptr;
}

bool is_large_enough(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_size >= static_cast<off_t>(sizeof(watch_map));
}

watch_map* map_file(int fd) noexcept {
  if (!is_large_enough(fd)) return nullptr;
  void* const memory = ::mmap(nullptr, sizeof(watch_map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* const map = static_cast<watch_map*>(memory);
  if (map->magic == map_magic && map->size == sizeof(watch_map)) return map;
  ::munmap(memory, sizeof(watch_map));
  return nullptr;
}

watch_map* open_map() noexcept {
  const char* const path = value_of(map_variable);
  if (path == nullptr) return nullptr;
  const int fd = ::open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return nullptr;
  auto* const map = map_file(fd);
  ::close(fd);
  return map;
}

process_words* find_process(watch_map& map, std::int32_t pid) noexcept {
  for (auto& process : map.processes) {
    if (process.pid.load(std::memory_order_relaxed) == pid) return &process;
  }
  return nullptr;
}

process_words* claim_process(watch_map& map, std::int32_t pid) noexcept {
  for (auto& process : map.processes) {
    std::int32_t nobody = 0;
    if (process.pid.load(std::memory_order_relaxed) == 0 && process.pid.compare_exchange_strong(nobody, pid)) {
      process.lost_threads.store(0, std::memory_order_relaxed);
      process.starts.store(0, std::memory_order_relaxed);
      return &process;
    }
  }
  map.lost_processes.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

// Threads that had this process ID before an exec, or in an earlier process, have ended.
void retire_threads(watch_map& map, std::int32_t pid) noexcept {
  for (auto& thread : map.threads) {
    auto tid = thread.tid.load(std::memory_order_relaxed);
    if (tid == 0 && thread.claimed_at.load(std::memory_order_relaxed) == 0) return;  // nor was any behind it ever taken
    if (tid > 0 && thread.pid.load(std::memory_order_relaxed) == pid) thread.tid.compare_exchange_strong(tid, -tid);
  }
}

void clear(wait_site& site) noexcept {
  site.return_address.store(0, std::memory_order_relaxed);
  site.stack_pointer.store(0, std::memory_order_relaxed);
  site.returns.store(0, std::memory_order_relaxed);
  site.kind.store(wait_kind::none, std::memory_order_relaxed);
  site.is_loop.store(0, std::memory_order_relaxed);
  site.descriptor.store(-1, std::memory_order_relaxed);
}

void clear(thread_words& words) noexcept {
  words.turn.store(0, std::memory_order_relaxed);
  words.turn_start.store(0, std::memory_order_relaxed);
  words.turn_end.store(0, std::memory_order_relaxed);
  words.last_site.store(0, std::memory_order_relaxed);
  words.is_loop.store(0, std::memory_order_relaxed);
  words.current_site.store(0, std::memory_order_relaxed);
  for (auto& site : words.sites) clear(site);
  words.busy_total.store(0, std::memory_order_relaxed);
  words.longest.store(0, std::memory_order_relaxed);
  words.kept.store(0, std::memory_order_relaxed);
  for (auto& turn : words.long_turns) turn.number.store(0, std::memory_order_relaxed);
  for (auto& count : words.turns) count.store(0, std::memory_order_relaxed);
}

}  // namespace

void watched_process::start() noexcept {
  const int error = errno;
  auto* const map = open_map();
  if (map != nullptr) {
    if (auto* const own = map_own_words()) {
      shared_map = map;
      enter_process(*own);
      own_page.store(own, std::memory_order_release);
    } else {
      ::munmap(map, sizeof(watch_map));
    }
  }
  errno = error;
}

watched_process::own_words* watched_process::map_own_words() noexcept {
  void* const page = ::mmap(nullptr, sizeof(own_words), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  // Linux before 4.14 cannot do that, nor can some sandboxes.
  const bool cleared = ::madvise(page, sizeof(own_words), MADV_WIPEONFORK) == 0;
  if (cleared || (__register_atfork != nullptr && __register_atfork(nullptr, nullptr, &forget_parent, nullptr) == 0)) {
    return static_cast<own_words*>(page);
  }
  ::munmap(page, sizeof(own_words));
  return nullptr;
}

void watched_process::forget_parent() noexcept {
  auto* const own = own_page.load(std::memory_order_relaxed);
  if (own == nullptr) return;
  own->registering.store(false, std::memory_order_relaxed);
  own->pid.store(0, std::memory_order_relaxed);
}

void watched_process::enter_process(own_words& own) noexcept {
  const auto pid = static_cast<std::int32_t>(::getpid());
  auto* process = find_process(*shared_map, pid);
  if (process != nullptr) retire_threads(*shared_map, pid);
  if (process == nullptr) process = claim_process(*shared_map, pid);
  if (process != nullptr) process->starts.fetch_add(1, std::memory_order_relaxed);
  own.process.store(process, std::memory_order_relaxed);
  own.pid.store(pid, std::memory_order_release);
}

std::int32_t watched_process::registered_pid() noexcept {
  auto* const own = own_page.load(std::memory_order_acquire);
  const auto pid = own->pid.load(std::memory_order_acquire);
  if (pid != 0 || own->registering.exchange(true)) return pid;
  if (own->pid.load(std::memory_order_acquire) == 0) enter_process(*own);
  own->registering.store(false);
  return own->pid.load(std::memory_order_relaxed);
}

thread_words* watched_process::claim_thread(std::int32_t tid) noexcept {
  const auto* const own = own_page.load(std::memory_order_acquire);
  for (auto& words : shared_map->threads) {
    std::int32_t nobody = 0;
    if (words.tid.load(std::memory_order_relaxed) != 0 || !words.tid.compare_exchange_strong(nobody, tid)) continue;
    words.claimed_at.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    clear(words);
    words.pid.store(own->pid.load(std::memory_order_relaxed), std::memory_order_relaxed);
    words.claimed_at.store(monotonic_ns(), std::memory_order_release);
    return &words;
  }
  if (auto* const process = own->process.load(std::memory_order_relaxed)) {
    process->lost_threads.fetch_add(1, std::memory_order_relaxed);
  }
  return nullptr;
}

}  // namespace loopscope::watch
