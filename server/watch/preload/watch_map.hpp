// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

/// The memory that the preloaded library of a watched program and `loopscope watch` share.
///
/// The watcher makes the file (a memfd), sets the header and gives its path in LOOPSCOPE_WATCH_MAP. Each watched
/// process maps it when it starts; a process that cannot goes on unwatched. Each group of words has one writer, named
/// with it. The watched program may write anything into it, by a fault of its own: the watcher takes nothing for
/// granted. All zero but for the header is the initial state. Units: nanoseconds of CLOCK_MONOTONIC. This header needs
/// no library but libc.
namespace loopscope::watch {

inline constexpr const char* map_variable = "LOOPSCOPE_WATCH_MAP";
inline constexpr std::uint64_t map_magic = 0x31'70'61'6d'73'6c'6f'6fU;
inline constexpr std::size_t max_processes = 512;
inline constexpr std::size_t max_threads = 1024;
inline constexpr std::size_t max_sites = 4;
inline constexpr std::size_t max_kept_turns = 8;
/// A place in the program is a loop's wait once a thread has returned from it so often.
inline constexpr std::uint64_t returns_of_a_loop = 3;
/// A deeper place takes over from one that is not used any more when the thread has returned from it so often.
inline constexpr std::uint64_t returns_to_take_over = 256;

enum class wait_kind : std::uint32_t {
  none,
  epoll_wait,
  epoll_pwait,
  epoll_pwait2,
  poll,
  ppoll,
  select,
  pselect,
  condition,  ///< pthread_cond_wait(3) and its kin: a loop's own wait only where the watcher says so
};

/// A place where a thread waits: the caller's address, the kind and the epoll instance. Writer: the thread; `is_loop`
/// of a condition: the watcher, which looks after it whether the cell is still that place's.
struct wait_site {
  std::atomic<std::uintptr_t> return_address{0};
  std::atomic<std::uintptr_t> stack_pointer{0};  ///< of the caller, when it waits there
  std::atomic<std::uint64_t> returns{0};
  std::atomic<wait_kind> kind{wait_kind::none};
  std::atomic<std::uint32_t> is_loop{0};
  std::atomic<std::int32_t> descriptor{-1};  ///< of the epoll instance
};

/// A turn that took the header's threshold or longer.
struct long_turn {
  std::atomic<std::uint64_t> number{0};
  std::atomic<std::int64_t> start{0};
  std::atomic<std::int64_t> end{0};
  /// It contains a wait on a condition variable that is not known as a loop's.
  std::atomic<std::uint32_t> has_condition_wait{0};
};

/// How long turns took: buckets of 1/16 of a power of two, from 256 ns on.
inline constexpr std::size_t turn_cells = 16 * 38;

/// The cell of a turn. The last one holds all that is longer.
constexpr std::size_t turn_cell(std::int64_t ns) noexcept {
  const auto units = ns <= 0 ? 0 : static_cast<std::uint64_t>(ns) >> 8U;
  if (units < 16) return units;
  const auto power = 63U - static_cast<unsigned>(__builtin_clzll(units));  // at least 4
  const auto cell = (power - 3) * std::size_t{16} + ((units >> (power - 4)) & 15U);
  return cell < turn_cells ? cell : turn_cells - 1;
}

/// The upper end of a cell in nanoseconds.
constexpr std::int64_t turn_cell_end(std::size_t cell) noexcept {
  if (cell < 16) return static_cast<std::int64_t>((cell + 1) << 8U);
  const auto power = cell / 16 + 3;
  return static_cast<std::int64_t>((((16 + cell % 16) + 1) << (power - 4)) << 8U);
}

/// One thread that has waited for events. Writer: the thread, except where a member says otherwise.
///
/// A *turn* is the time from the return of a loop's wait to the next one. The number of the turn is odd while one runs.
struct alignas(64) thread_words {
  /// 0: free. Taken by the thread with its ID; freed by the watcher when that thread has ended. The negative ID: ended
  /// by an exec of its process; the watcher frees it. The members are valid while claimed_at is not 0.
  std::atomic<std::int32_t> tid{0};
  std::atomic<std::int32_t> pid{0};
  std::atomic<std::int64_t> claimed_at{0};
  std::atomic<std::uint64_t> turn{0};
  std::atomic<std::int64_t> turn_start{0};  ///< of the turn that runs, or ran last
  std::atomic<std::int64_t> turn_end{0};    ///< of the turn that ran last
  std::atomic<std::uint32_t> last_site{0};  ///< index of the loop's wait that the thread is in, or was in last
  std::atomic<std::uint32_t> is_loop{0};    ///< some place is a loop's wait
  /// 1 + the index of the wait that the thread is in, be it a loop's or not; 0 when it is in none.
  std::atomic<std::uint32_t> current_site{0};
  std::array<wait_site, max_sites> sites;
  std::atomic<std::int64_t> busy_total{0};  ///< of ended turns
  std::atomic<std::int64_t> longest{0};
  std::atomic<std::uint64_t> kept{0};  ///< how many turns were kept: the next goes to kept % max_kept_turns
  std::array<long_turn, max_kept_turns> long_turns;
  std::array<std::atomic<std::uint64_t>, turn_cells> turns;
};

/// One process that runs with the library, by the ID in its own PID namespace. Writer: the process. An exec keeps it.
struct process_words {
  std::atomic<std::int32_t> pid{0};
  std::atomic<std::uint32_t> starts{0};        ///< how often the library started in it: once, and once after each exec
  std::atomic<std::uint32_t> lost_threads{0};  ///< threads that found no free words
};

/// How long the cycle counter of a CPU stands for the clock. All zero: it never does.
struct cycle_scale {
  std::uint64_t max_cycles = 0;
  std::uint64_t ns_per_cycle = 0;  ///< in units of 2^-32
};

struct watch_map {
  // Writer of the first four: the watcher, before the first process starts.
  std::uint64_t magic = map_magic;
  std::uint64_t size = sizeof(watch_map);
  std::atomic<std::int64_t> long_turn_ns{0};
  cycle_scale cycles;
  /// The processes that found no free words.
  std::atomic<std::uint32_t> lost_processes{0};
  std::array<process_words, max_processes> processes;
  std::array<thread_words, max_threads> threads;
};

static_assert(std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace loopscope::watch
