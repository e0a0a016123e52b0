// SPDX-License-Identifier: MIT

#include "alternate_stack.hpp"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "writers/system/thread_specific.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_threads = 1024;
/// What the handler and the unwinder use, with the frames of a sanitizer.
constexpr std::size_t unwinding_bytes = std::size_t{48} * 1024;

// Ready before any constructor runs, and used by threads that end after the last destructor.
constinit std::array<std::atomic<pid_t>, max_threads> prepared{};

constinit std::atomic<std::uint64_t> capture_signals{0};

constexpr std::uint64_t bit_of(int signal) {
  return std::uint64_t{1} << static_cast<unsigned>(signal - 1);
}

bool add_prepared(pid_t tid) noexcept {
  for (auto& entry : prepared) {
    pid_t free = 0;
    if (entry.compare_exchange_strong(free, tid)) return true;
  }
  return false;
}

void remove_prepared(pid_t tid) noexcept {
  for (auto& entry : prepared) {
    pid_t known = tid;
    if (entry.compare_exchange_strong(known, 0)) return;
  }
}

std::size_t needed_bytes() noexcept {
#if defined(AT_MINSIGSTKSZ)
  const std::size_t frame = ::getauxval(AT_MINSIGSTKSZ);
#else
  const std::size_t frame = ::getauxval(51);
#endif
  constexpr std::size_t old_kernel = std::size_t{16} * 1024;
  return std::max(frame, old_kernel) + unwinding_bytes;
}

/// The stack of one thread, and whether the thread is in the list.
class thread_stack {
 public:
  thread_stack() = default;
  thread_stack(const thread_stack&) = delete;
  thread_stack& operator=(const thread_stack&) = delete;

  ~thread_stack() {
    if (tid_ == 0 && !mapping_) return;
    // A capture signal that is on its way must not come after the stack is gone. It vanishes with the thread.
    sigset_t captures;
    ::sigemptyset(&captures);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) {
      if ((capture_signals.load() & bit_of(signal)) != 0) ::sigaddset(&captures, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &captures, nullptr);
    set_listed(false);
    if (!mapping_) return;
    stack_t current{};
    if (::sigaltstack(nullptr, &current) != 0) return;
    if (is_ours(current)) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      if (::sigaltstack(&none, nullptr) != 0) return;  // the thread is running on it
    }
    ::munmap(mapping_, mapped_);
  }

  bool prepare() noexcept {
    stack_t current{};
    bool has_room = ::sigaltstack(nullptr, &current) == 0;
    if (has_room && (current.ss_flags & SS_DISABLE) != 0) {
      has_room = set_own();
    } else if (has_room && !is_ours(current)) {
      has_room = current.ss_size >= needed_bytes();
    }
    set_listed(has_room);
    return tid_ != 0;
  }

 private:
  bool is_ours(const stack_t& current) const noexcept {
    return mapping_ && (current.ss_flags & SS_DISABLE) == 0 && current.ss_sp == stack_begin();
  }
  void* stack_begin() const noexcept { return static_cast<char*>(mapping_) + guard_; }

  bool set_own() noexcept {
    if (!mapping_) {
      guard_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
      mapped_ = guard_ + (needed_bytes() + guard_ - 1) / guard_ * guard_;
      void* const mapping = ::mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (mapping == MAP_FAILED) return false;
      mapping_ = mapping;
      if (::mprotect(stack_begin(), mapped_ - guard_, PROT_READ | PROT_WRITE) != 0) {
        ::munmap(std::exchange(mapping_, nullptr), mapped_);
        return false;
      }
    }
    stack_t own{};
    own.ss_sp = stack_begin();
    own.ss_size = mapped_ - guard_;
    return ::sigaltstack(&own, nullptr) == 0;
  }

  void set_listed(bool listed) noexcept {
    // After fork() the thread has another number.
    const pid_t tid = listed ? ::gettid() : 0;
    if (tid == tid_) return;
    if (tid_ != 0) remove_prepared(tid_);
    tid_ = tid != 0 && add_prepared(tid) ? tid : 0;
  }

  void* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  std::size_t guard_ = 0;
  pid_t tid_ = 0;
};

}  // namespace

bool prepare_thread() noexcept {
  try {
    static auto& stacks = *new system::thread_specific<thread_stack>;
    return stacks.get().prepare();
  } catch (...) {
    return false;
  }
}

void add_capture_signal(int signal) noexcept {
  capture_signals.fetch_or(bit_of(signal));
}

bool is_prepared(pid_t tid) noexcept {
  return std::ranges::any_of(prepared, [&](const auto& entry) { return entry.load() == tid; });
}

}  // namespace loopscope::monitor
