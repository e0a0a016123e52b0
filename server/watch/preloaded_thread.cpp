// SPDX-License-Identifier: MIT

#include "preloaded_thread.hpp"

#include <algorithm>

#include "writers/system/proc_file.hpp"

namespace loopscope::watch {
namespace {

using monitor::loop_thread;

constexpr int max_reads = 4;

loop_thread::time_point to_time(std::int64_t ns) {
  return loop_thread::time_point{loop_thread::duration{ns}};
}

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

preloaded_thread::preloaded_thread(thread_words& words, const monitor::watched_thread& id)
    : words_(words),
      id_(id),
      own_id_{words.pid.load(std::memory_order_relaxed), words.tid.load(std::memory_order_relaxed)},
      claimed_at_(words.claimed_at.load(std::memory_order_relaxed)) {}

bool preloaded_thread::owns_words() const noexcept {
  return words_.tid.load(std::memory_order_acquire) == own_id_.tid &&
         words_.pid.load(std::memory_order_relaxed) == own_id_.pid &&
         words_.claimed_at.load(std::memory_order_relaxed) == claimed_at_;
}

const wait_site* preloaded_thread::loop_site() const noexcept {
  const auto last = words_.last_site.load(std::memory_order_relaxed);
  if (last < max_sites && words_.sites[last].kind.load(std::memory_order_relaxed) != wait_kind::condition &&
      words_.sites[last].is_loop.load(std::memory_order_relaxed) != 0)
    return &words_.sites[last];
  const auto found = std::ranges::find_if(words_.sites, [](const wait_site& each) {
    return each.is_loop.load(std::memory_order_relaxed) != 0 &&
           each.kind.load(std::memory_order_relaxed) != wait_kind::condition;
  });
  return found == words_.sites.end() ? nullptr : &*found;
}

std::optional<loop_thread::ended_turn> preloaded_thread::take_ended_turn() noexcept {
  for (;;) {
    const auto kept = words_.kept.load(std::memory_order_acquire);
    if (taken_ >= kept) return std::nullopt;
    if (kept - taken_ > max_kept_turns) taken_ = kept - max_kept_turns;
    const auto& cell = words_.long_turns[taken_++ % max_kept_turns];
    const auto number = cell.number.load(std::memory_order_acquire);
    const auto start = cell.start.load(std::memory_order_relaxed);
    const auto end = cell.end.load(std::memory_order_relaxed);
    const bool has_condition_wait = cell.has_condition_wait.load(std::memory_order_relaxed) != 0;
    std::atomic_thread_fence(std::memory_order_acquire);
    if (cell.number.load(std::memory_order_relaxed) != number || !is_possible(start, end)) continue;
    return ended_turn{number, to_time(start), to_time(end), duration{end - start}, std::nullopt, has_condition_wait};
  }
}

loop_thread::turn preloaded_thread::current_turn() const noexcept {
  turn out;
  for (int i = 0; i < max_reads; ++i) {
    out.number = words_.turn.load(std::memory_order_acquire);
    const auto start = words_.turn_start.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (words_.turn.load(std::memory_order_relaxed) != out.number) continue;
    if (out.number % 2 == 1 && is_possible(start, now_ns())) out.start = to_time(start);
    return out;
  }
  return out;
}

bool preloaded_thread::is_possible(std::int64_t start, std::int64_t end) const noexcept {
  return claimed_at_ <= start && start <= end && end <= now_ns();
}

void preloaded_thread::set_waits_in_loop() noexcept {
  const auto current = words_.current_site.load(std::memory_order_acquire);
  if (current == 0 || current > max_sites) return;
  auto& site = words_.sites[current - 1];
  if (site.kind.load(std::memory_order_relaxed) == wait_kind::condition)
    site.is_loop.store(1, std::memory_order_release);
}

std::uintptr_t preloaded_thread::wait_address() const noexcept {
  const auto* const site = loop_site();
  return site ? site->return_address.load(std::memory_order_relaxed) : 0;
}

std::optional<loop_thread::duration> preloaded_thread::blocking_cpu() const {
  const auto scheduled = system::parse_schedstat(system::proc_file(id_.folder() + "/schedstat").read());
  return scheduled ? std::optional{scheduled->cpu} : std::nullopt;
}

void preloaded_thread::add_handler_times(monitor::handler_times& out) const noexcept {
  if (!owns_words()) return;
  out.sum += duration{words_.busy_total.load(std::memory_order_relaxed)};
  out.max = std::max(out.max, duration{words_.longest.load(std::memory_order_relaxed)});
  for (std::size_t i = 0; i < turn_cells; ++i) {
    const auto count = words_.turns[i].load(std::memory_order_relaxed);
    if (count == 0) continue;
    out.count += count;
    const double seconds = static_cast<double>(turn_cell_end(i)) / 1e9;
    for (std::size_t bound = 0; bound < out.buckets.size(); ++bound) {
      if (seconds <= monitor::handler_bounds_s[bound]) out.buckets[bound] += count;
    }
  }
}

}  // namespace loopscope::watch
