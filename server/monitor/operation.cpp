// SPDX-License-Identifier: MIT

#include "operation.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

#include "explain/process_memory.hpp"
#include "handler_tracking.hpp"

namespace loopscope::monitor {
namespace {

/// All slots that a thread ever had. They are never freed, so that the watchdog may read one at any time.
struct slot_list {
  detail::operation_slot slot;
  slot_list* next = nullptr;
};
std::atomic<slot_list*> all_slots{nullptr};

// What a thread runs while its thread_local objects are destroyed is not told.
detail::operation_slot nobodys_slot;

struct slot_owner {
  detail::operation_slot* slot = nullptr;
  ~slot_owner() {
    detail::this_thread_tracking.slot = &nobodys_slot;
    slot->publish({});
    slot->tid.store(0, std::memory_order_release);
  }
};

detail::operation_slot* reuse_slot(pid_t tid) noexcept {
  for (slot_list* each = all_slots.load(std::memory_order_acquire); each != nullptr; each = each->next) {
    pid_t free = 0;
    if (each->slot.tid.compare_exchange_strong(free, tid, std::memory_order_acq_rel)) return &each->slot;
  }
  return nullptr;
}

detail::operation_slot* add_slot(pid_t tid) {
  auto* const added = new slot_list;
  added->slot.tid.store(tid, std::memory_order_relaxed);
  added->next = all_slots.load(std::memory_order_relaxed);
  while (!all_slots.compare_exchange_weak(added->next, added, std::memory_order_release)) {
  }
  return &added->slot;
}

/// A literal of this process, at most 255 bytes of it. Read by the kernel, which refuses where a library has gone.
std::string text_at(const char* address) {
  std::array<char, 255> text;
  const auto size =
      process_memory(::getpid())
          .blocking_read(reinterpret_cast<std::uintptr_t>(address), std::as_writable_bytes(std::span(text)));
  return {text.data(), ::strnlen(text.data(), size)};
}

}  // namespace

detail::operation_slot& detail::take_operation_slot() noexcept {
  const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
  thread_local slot_owner owner;
  owner.slot = reuse_slot(tid);
  if (owner.slot == nullptr) owner.slot = add_slot(tid);
  return *owner.slot;
}

std::optional<operation> current_operation(pid_t tid) {
  for (const slot_list* each = all_slots.load(std::memory_order_acquire); each != nullptr; each = each->next) {
    if (each->slot.tid.load(std::memory_order_acquire) != tid) continue;
    detail::operation_words words;
    if (!each->slot.read(words) || words.name == nullptr) return std::nullopt;
    return operation{text_at(words.object), text_at(words.name), text_at(words.function), text_at(words.file),
                     static_cast<int>(words.line)};
  }
  return std::nullopt;
}

}  // namespace loopscope::monitor
