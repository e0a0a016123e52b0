// SPDX-License-Identifier: MIT

#include "lock_wait.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "process_memory.hpp"

namespace loopscope::monitor {
namespace {

struct name_part {
  std::string_view part;
  lock_kind kind;
};

// The first function that has one of these names decides, from the innermost one outwards. pthread_cond_wait takes its
// mutex again at its end, in a function of its own.
constexpr auto names = std::to_array<name_part>({
    {"lll_lock_wait_private", lock_kind::unknown},  // of the C library's own locks, which have no owner
    {"lll_lock_wait", lock_kind::mutex},
    {"mutex_cond_lock", lock_kind::mutex},
    {"mutex_lock", lock_kind::mutex},
    {"mutex_timedlock", lock_kind::mutex},
    {"mutex_clocklock", lock_kind::mutex},
    {"rwlock", lock_kind::shared_mutex},
    {"cond_wait", lock_kind::condition_variable},
    {"cond_timedwait", lock_kind::condition_variable},
    {"cond_clockwait", lock_kind::condition_variable},
});

constexpr std::size_t owner_of_mutex = 8;
constexpr std::size_t kind_of_mutex = 16;
constexpr std::size_t writer_of_rwlock = 24;
constexpr std::size_t flags_of_rwlock = 48;

std::optional<lock_kind> kind_by_name(std::span<const std::string> functions) {
  for (const auto& function : functions) {
    for (const auto& [part, kind] : names) {
      if (function.find(part) != std::string::npos) return kind;
    }
  }
  const bool has_names = std::ranges::any_of(functions, [](const std::string& f) { return !f.empty(); });
  return has_names ? std::optional{lock_kind::unknown} : std::nullopt;
}

bool is_live(const watched_thread& owner) {
  return owner.tid > 0 && ::access(owner.folder().c_str(), F_OK) == 0;
}

/// Reads a thread's id twice, since it may be changing.
pid_t blocking_read_owner(const process_memory& memory, pid_t process, std::uintptr_t address) {
  const auto first = memory.blocking_read<pid_t>(address);
  if (!first || !is_live({process, *first}) || memory.blocking_read<pid_t>(address) != first) return 0;
  return *first;
}

bool looks_like_mutex(const process_memory& memory, std::uintptr_t word) {
  constexpr std::uint32_t contended = 2;
  constexpr std::uint32_t known_kinds = 0x3ff;
  const auto state = memory.blocking_read<std::uint32_t>(word);
  const auto kind = memory.blocking_read<std::uint32_t>(word + kind_of_mutex);
  return state == contended && kind && (*kind & ~known_kinds) == 0;
}

/// A reader or writer waits for one of three words of the lock, which begins at a multiple of 8.
pid_t blocking_find_writer(const process_memory& memory, pid_t process, std::uintptr_t word) {
  constexpr std::uint32_t known_flags = 3;
  constexpr std::array<std::uintptr_t, 3> offsets{12, 8, 0};
  for (const auto offset : offsets) {
    const auto lock = word - offset;
    if (lock % 8 != 0) continue;
    const auto flags = memory.blocking_read<std::uint32_t>(lock + flags_of_rwlock);
    if (!flags || *flags > known_flags) continue;
    if (const auto writer = blocking_read_owner(memory, process, lock + writer_of_rwlock)) return writer;
  }
  return 0;
}

}  // namespace

std::optional<lock_wait> blocking_find_lock(const watched_thread& thread, const system::syscall_line& call,
                                            std::span<const std::string> library_functions) {
  if (call.number != SYS_futex) return std::nullopt;
  const auto operation = static_cast<int>(call.arguments[1]) & FUTEX_CMD_MASK;
  constexpr int futex_lock_pi2 = 13;  // Linux 5.14
  const bool inherits_priority = operation == FUTEX_LOCK_PI || operation == futex_lock_pi2;
  if (!inherits_priority && operation != FUTEX_WAIT && operation != FUTEX_WAIT_BITSET) return std::nullopt;

  const process_memory memory(thread.pid);
  const auto word = static_cast<std::uintptr_t>(call.arguments[0]);
  const auto named = kind_by_name(library_functions);
  if (inherits_priority || named == lock_kind::mutex)
    return lock_wait{lock_kind::mutex, blocking_read_owner(memory, thread.pid, word + owner_of_mutex)};
  if (named == lock_kind::shared_mutex) return lock_wait{*named, blocking_find_writer(memory, thread.pid, word)};
  if (named) return lock_wait{*named};
  if (looks_like_mutex(memory, word)) {
    if (const auto owner = blocking_read_owner(memory, thread.pid, word + owner_of_mutex))
      return lock_wait{lock_kind::mutex, owner};
  }
  return lock_wait{};
}

}  // namespace loopscope::monitor
