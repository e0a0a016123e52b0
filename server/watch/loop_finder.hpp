// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "map_users.hpp"
#include "preload/watch_map.hpp"
#include "preloaded_thread.hpp"
#include "server/monitor/outside_loop.hpp"
#include "watch_map_owner.hpp"

namespace loopscope::watch {

/// Empty when it has ended.
std::string blocking_thread_name(const monitor::watched_thread& thread);

/// Turns of a loop, summed over its threads.
struct turn_figures {
  std::uint64_t turns = 0;
  std::chrono::nanoseconds busy{0};
  std::chrono::nanoseconds longest{0};
  std::chrono::nanoseconds observed{0};  ///< time of all its threads
  std::array<std::uint64_t, turn_cells> cells{};

  void add(const thread_words& words, std::chrono::nanoseconds time);
  /// Upper bound of the turns of a share q of all, exact to 1/16; nullopt without turns.
  std::optional<std::chrono::nanoseconds> quantile(double q) const;
  std::optional<double> busy_share() const;
};

/// A loop of a watched program.
struct found_loop {
  pid_t pid = 0;
  pid_t tid = 0;     ///< of the first of its threads
  std::string name;  ///< of that thread
  wait_kind wait = wait_kind::none;
  std::size_t threads = 0;  ///< the most that ran it at once
  turn_figures turns;
  monitor::snapshot figures;

  /// Its name in sentences and on the page: loops of one program have the same thread's name.
  std::string label() const { return name + " (" + std::to_string(tid) + ')'; }
};

/// A loop that can be looked at while it runs.
struct running_loop {
  pid_t pid = 0;
  std::string name;
  std::shared_ptr<const monitor::loop_watch> watch;
};

/// Finds the threads that loop in the map, and has the monitor watch them.
///
/// Threads of one process that wait on the same epoll instance run one loop. Threads: blocking_update(), loops() and
/// blocking_finish() on one; watches() on any. Lifetime: the map outlives it.
class loop_finder {
 public:
  static constexpr std::size_t max_loops = 1000;
  /// Called with the process of each loop that is found, so that its stalls can be told from others.
  using loop_options = std::function<monitor::options(pid_t, const std::string& name)>;

  loop_finder(const watch_map_owner& map, loop_options options);
  loop_finder(const loop_finder&) = delete;
  loop_finder& operator=(const loop_finder&) = delete;
  ~loop_finder();

  /// Finds new loops, and frees the words of threads that have ended.
  void blocking_update();
  /// All threads are taken for ended; their last stalls are complete when it returns. was_killed: by a signal.
  void blocking_finish(bool was_killed);

  std::vector<found_loop> loops() const;
  /// What the admin plane shows.
  std::vector<running_loop> watches() const;
  /// Threads of loops beyond the number that can be watched.
  std::uint64_t left_out() const;

 private:
  struct known_thread {
    std::shared_ptr<preloaded_thread> thread;
    std::uint64_t loop = 0;
  };
  struct known_loop {
    found_loop found;
    int descriptor = -1;
    std::shared_ptr<monitor::outside_loop> watch;  ///< nullptr when all its threads have ended
  };

  /// Errors: false when it is not known which thread it is.
  bool blocking_add_thread(std::size_t index);
  /// Returns its number, or 0 when there are too many.
  std::uint64_t loop_of(const preloaded_thread& thread);
  void blocking_retire(std::size_t index);
  void blocking_end_loop(std::uint64_t number);
  bool blocking_has_ended(const thread_words& words);
  static bool has_ended(const monitor::watched_thread& thread);
  static bool was_killed(const monitor::watched_thread& thread);

  watch_map& map_;
  map_users users_;
  const loop_options options_;
  std::map<std::size_t, known_thread> threads_;  // by index into the map
  mutable std::mutex mutex_;
  std::map<std::uint64_t, known_loop> loops_;
  std::uint64_t last_loop_ = 0;
  std::uint64_t left_out_ = 0;
  std::chrono::steady_clock::time_point next_look_for_ended_{};
};

}  // namespace loopscope::watch
