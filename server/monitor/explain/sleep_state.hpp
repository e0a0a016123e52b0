// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "server/monitor/detect/watched_thread.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// Where a thread sleeps. Two equal readings prove that it has not run in between, so that whatever was read of its
/// stack meanwhile belongs together.
struct sleep_state {
  system::syscall_line call;
  std::uint64_t switches = 0;  ///< how often it has left a CPU

  bool operator==(const sleep_state&) const = default;
};

/// Returns nullopt when the thread runs, has ended or cannot be seen.
std::optional<sleep_state> read_sleep_state(const watched_thread& thread);

/// All general registers of a thread, by their numbers in DWARF. The program counter is behind them.
struct thread_registers {
#if defined(__aarch64__)
  static constexpr std::size_t stack_pointer = 31;
  static constexpr std::size_t program_counter = 32;
#else
  static constexpr std::size_t stack_pointer = 7;
  static constexpr std::size_t program_counter = 16;
#endif
  std::array<std::uint64_t, program_counter + 1> values{};
};

/// What is needed to unwind a thread later, when it may have gone on.
struct stack_copy {
  watched_thread thread;
  /// Of a thread that slept. Of one that was stopped, only the stack pointer and the program counter.
  sleep_state state;
  /// Where the content begins: at the stack pointer, or below it, where a function that has just given up its frame had
  /// saved registers. Unwind tables read them there until it returns.
  std::uintptr_t begin = 0;
  /// At most 128 KiB.
  std::vector<std::byte> content = {};
  /// Of a thread that was stopped; the kernel does not show those of a sleeping one.
  std::optional<thread_registers> registers = {};
  /// The call that a running thread was in when it was stopped (x86-64).
  std::optional<system::syscall_line> call_at_stop = {};
};

/// Copies the stack of a thread that does not run meanwhile; copy.state.call.stack_pointer says where it is.
void copy_stack_memory(stack_copy& copy);

/// Returns nullptr when the thread does not sleep, or in another call than `seen`. Bounded work: it reads five small
/// files and copies the stack.
std::shared_ptr<const stack_copy> copy_sleeping_stack(const watched_thread& thread,
                                                      const std::optional<system::syscall_line>& seen = {});

}  // namespace loopscope::monitor
