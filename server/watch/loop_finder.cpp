// SPDX-License-Identifier: MIT

#include "loop_finder.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "writers/system/proc_file.hpp"

namespace loopscope::watch {
namespace {

using std::chrono::nanoseconds;
using steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds time_between_looks{250};
// The last stall of a thread that has ended may still wait for its stack.
constexpr std::chrono::seconds max_time_to_finish{3};
constexpr std::chrono::milliseconds finish_interval{2};

bool is_epoll(wait_kind kind) {
  return kind == wait_kind::epoll_wait || kind == wait_kind::epoll_pwait || kind == wait_kind::epoll_pwait2;
}

nanoseconds time_since(std::int64_t start_ns) {
  return std::max(nanoseconds{0}, steady::now().time_since_epoch() - nanoseconds{start_ns});
}

void clear(thread_words& words) {
  for (auto& site : words.sites) {
    site.returns.store(0, std::memory_order_relaxed);
    site.is_loop.store(0, std::memory_order_relaxed);
    site.kind.store(wait_kind::none, std::memory_order_relaxed);
    site.return_address.store(0, std::memory_order_relaxed);
    site.stack_pointer.store(0, std::memory_order_relaxed);
    site.descriptor.store(-1, std::memory_order_relaxed);
  }
  for (auto& cell : words.turns) cell.store(0, std::memory_order_relaxed);
  for (auto& each : words.long_turns) each.number.store(0, std::memory_order_relaxed);
  for (auto* word : {&words.turn, &words.kept}) word->store(0, std::memory_order_relaxed);
  for (auto* word : {&words.turn_start, &words.turn_end, &words.busy_total, &words.longest, &words.claimed_at})
    word->store(0, std::memory_order_relaxed);
  for (auto* word : {&words.last_site, &words.is_loop, &words.current_site}) word->store(0, std::memory_order_relaxed);
  words.pid.store(0, std::memory_order_relaxed);
  words.tid.store(0, std::memory_order_release);
}

}  // namespace

std::string blocking_thread_name(const monitor::watched_thread& thread) {
  auto name = system::proc_file(thread.folder() + "/comm").read();
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

void turn_figures::add(const thread_words& words, nanoseconds time) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto count = words.turns[i].load(std::memory_order_relaxed);
    cells[i] += count;
    turns += count;
  }
  busy += nanoseconds{words.busy_total.load(std::memory_order_relaxed)};
  longest = std::max(longest, nanoseconds{words.longest.load(std::memory_order_relaxed)});
  observed += time;
}

std::optional<nanoseconds> turn_figures::quantile(double q) const {
  if (turns == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(turns)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    seen += cells[i];
    if (seen >= rank) return std::min(nanoseconds{turn_cell_end(i)}, longest);
  }
  return longest;
}

std::optional<double> turn_figures::busy_share() const {
  if (observed <= nanoseconds{0}) return std::nullopt;
  return std::clamp(static_cast<double>(busy.count()) / static_cast<double>(observed.count()), 0.0, 1.0);
}

loop_finder::loop_finder(const watch_map_owner& map, loop_options options)
    : map_(map.map()), users_(map.inode()), options_(std::move(options)) {}

loop_finder::~loop_finder() = default;

void loop_finder::blocking_update() {
  const auto now = steady::now();
  const bool looks_for_ended = now >= next_look_for_ended_;
  if (looks_for_ended) next_look_for_ended_ = now + time_between_looks;
  for (std::size_t i = 0; i < map_.threads.size(); ++i) {
    auto& words = map_.threads[i];
    if (words.tid.load(std::memory_order_acquire) == 0) continue;
    const auto known = threads_.find(i);
    if (known == threads_.end()) {
      const bool is_loop = words.is_loop.load(std::memory_order_acquire) != 0;
      const bool is_added = is_loop && blocking_add_thread(i);
      if (!is_added && looks_for_ended && blocking_has_ended(words)) clear(words);
    } else if (known->second.thread->gone() || !known->second.thread->owns_words() ||
               (looks_for_ended && has_ended(known->second.thread->id()))) {
      blocking_retire(i);
    }
  }
}

/// As long as there may be several processes with the ID, nothing is known.
bool loop_finder::blocking_has_ended(const thread_words& words) {
  const auto pid = words.pid.load(std::memory_order_relaxed);
  users_.blocking_update_if_old();
  if (users_.blocking_find(pid).users > 1) return false;
  const auto thread = users_.blocking_find_thread(pid, words.tid.load(std::memory_order_relaxed));
  return !thread || has_ended(*thread);
}

/// A process that has ended keeps its folder until its parent takes the status.
bool loop_finder::has_ended(const monitor::watched_thread& thread) {
  const char state = system::parse_stat_state(system::proc_file(thread.folder() + "/stat").read());
  return state == '\0' || state == 'Z' || state == 'X';
}

/// As long as the status of the process has not been taken.
bool loop_finder::was_killed(const monitor::watched_thread& thread) {
  constexpr int exit_code_field = 52;
  constexpr int signal_mask = 0x7f;
  const auto stat = system::proc_file("/proc/" + std::to_string(thread.pid) + "/stat").read();
  const auto code = system::parse_stat_field<int>(stat, exit_code_field);
  return system::parse_stat_state(stat) == 'Z' && code && (*code & signal_mask) != 0;
}

bool loop_finder::blocking_add_thread(std::size_t index) {
  auto& words = map_.threads[index];
  users_.blocking_update();
  const auto id =
      users_.blocking_find_thread(words.pid.load(std::memory_order_relaxed), words.tid.load(std::memory_order_relaxed));
  if (!id) return false;
  auto thread = std::make_shared<preloaded_thread>(words, *id);
  // After exec(3), the program that was has left its words behind.
  for (auto& [other, known] : threads_) {
    if (known.thread->id().pid == thread->id().pid && known.thread->id().tid == thread->id().tid)
      known.thread->set_gone(false);
  }
  const std::lock_guard lock(mutex_);
  const auto number = loop_of(*thread);
  if (number == 0) {
    ++left_out_;
  } else {
    auto& loop = loops_.at(number);
    loop.watch->add(thread);
    loop.found.threads = std::max(loop.found.threads, loop.watch->threads());
  }
  threads_[index] = {std::move(thread), number};
  return true;
}

std::uint64_t loop_finder::loop_of(const preloaded_thread& thread) {
  const auto id = thread.id();
  const auto* const site = thread.loop_site();
  const auto kind = site ? site->kind.load(std::memory_order_relaxed) : wait_kind::none;
  const int descriptor = site && is_epoll(kind) ? site->descriptor.load(std::memory_order_relaxed) : -1;
  for (const auto& [number, each] : loops_) {
    if (each.watch && descriptor >= 0 && each.found.pid == id.pid && each.descriptor == descriptor) return number;
  }
  if (loops_.size() >= max_loops) return 0;
  auto& made = loops_[++last_loop_];
  made.found.pid = id.pid;
  made.found.tid = id.tid;
  made.found.name = blocking_thread_name(id);
  made.found.wait = kind;
  made.descriptor = descriptor;
  made.watch = std::make_shared<monitor::outside_loop>(options_(id.pid, made.found.label()));
  return last_loop_;
}

void loop_finder::blocking_retire(std::size_t index) {
  auto& known = threads_.at(index);
  known.thread->set_gone(was_killed(known.thread->id()));
  const bool is_watched = known.thread.use_count() > 1;
  if (is_watched) return;  // until its last turns have been read
  const auto number = known.loop;
  {
    const std::lock_guard lock(mutex_);
    auto& words = map_.threads[index];
    if (number != 0)
      loops_.at(number).found.turns.add(words, time_since(words.claimed_at.load(std::memory_order_relaxed)));
    clear(words);
    threads_.erase(index);
  }
  const bool is_last = std::ranges::none_of(threads_, [&](const auto& each) { return each.second.loop == number; });
  if (number != 0 && is_last) blocking_end_loop(number);
}

/// Its last stalls are told without the lock, since the log may block.
void loop_finder::blocking_end_loop(std::uint64_t number) {
  auto& loop = loops_.at(number);
  loop.watch->blocking_finish();
  const std::lock_guard lock(mutex_);
  loop.found.figures = loop.watch->snapshot();
  loop.watch.reset();
}

void loop_finder::blocking_finish(bool was_killed) {
  for (auto& [index, known] : threads_) known.thread->set_gone(was_killed);
  const auto end = steady::now() + max_time_to_finish;
  const auto is_watched = [](const auto& each) { return each.second.thread.use_count() > 1; };
  while (std::ranges::any_of(threads_, is_watched) && steady::now() < end) std::this_thread::sleep_for(finish_interval);
  for (const auto& [number, each] : loops_) {
    if (each.watch) each.watch->blocking_finish();
  }
}

std::vector<found_loop> loop_finder::loops() const {
  const std::lock_guard lock(mutex_);
  std::map<std::uint64_t, found_loop> out;
  for (const auto& [number, each] : loops_) {
    out[number] = each.found;
    if (each.watch) out[number].figures = each.watch->snapshot();
  }
  for (const auto& [index, known] : threads_) {
    if (known.loop == 0) continue;
    const auto& words = map_.threads[index];
    out[known.loop].turns.add(words, time_since(words.claimed_at.load(std::memory_order_relaxed)));
  }
  std::vector<found_loop> list;
  for (auto& [number, each] : out) list.push_back(std::move(each));
  return list;
}

std::vector<running_loop> loop_finder::watches() const {
  const std::lock_guard lock(mutex_);
  std::vector<running_loop> out;
  for (const auto& [number, each] : loops_) {
    if (each.watch) out.push_back({each.found.pid, each.found.label(), each.watch});
  }
  return out;
}

std::uint64_t loop_finder::left_out() const {
  const std::lock_guard lock(mutex_);
  return left_out_;
}

}  // namespace loopscope::watch
