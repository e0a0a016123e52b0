// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "server/watch/preload/watch_map.hpp"

namespace loopscope::watch {

/// Where a thread waits, and how.
struct wait_place {
  wait_kind kind;
  std::int32_t descriptor;  ///< of the epoll instance, or -1
  std::uintptr_t return_address;
  std::uintptr_t stack_pointer;
};

/// Writes the waits of one thread into its words: which places are a loop's waits, and the turns between them.
///
/// A wait that is no loop's, as the one of a handler, is a part of the turn. A place of an event wait becomes a loop's
/// wait after `returns_of_a_loop` returns if no loop's wait is shallower on the stack, and then those that are deeper
/// cease to be. A deeper place waits for the same epoll instance, or it takes over after `returns_to_take_over` returns
/// since the last one of the shallower. Stacks of coroutines, which can lie anywhere, are taken as one stack.
///
/// Units: nanoseconds of the clock that the caller passes. It is read for a loop's waits only.
/// Threads: one; a signal handler that waits while this thread is in a call miscounts at most one return. The watcher
/// reads at any time: it takes the members of a turn for valid if `turn` is the same before and after.
class turn_recorder {
 public:
  static constexpr std::size_t no_site = max_sites;

  constexpr turn_recorder() noexcept = default;

  /// The words are cleared, and outlive *this. Turns of `long_turn_ns` or longer are kept one by one.
  constexpr turn_recorder(thread_words& words, std::int64_t long_turn_ns) noexcept
      : words_{&words}, long_turn_ns_{long_turn_ns} {}

  bool has_words() const noexcept { return words_ != nullptr; }

  /// The thread is about to wait. Returns what returned() wants to know.
  template <class Clock>
  std::size_t entered(const wait_place& place, Clock now) noexcept {
    const auto index = find_or_add(place);
    if (index == no_site) [[unlikely]]
      return no_site;
    set(words_->current_site, static_cast<std::uint32_t>(index + 1));
    auto& site = words_->sites[index];
    set(site.stack_pointer, place.stack_pointer);
    if (get(site.is_loop) == 0) {
      has_condition_wait_ = has_condition_wait_ || place.kind == wait_kind::condition;
      return index;
    }
    set(words_->last_site, static_cast<std::uint32_t>(index));
    if (turn_runs()) [[likely]]
      end_turn(now());
    return index;
  }

  template <class Clock>
  void returned(std::size_t index, Clock now) noexcept {
    if (index == no_site) return;
    set(words_->current_site, 0U);
    auto& site = words_->sites[index];
    add(site.returns, std::uint64_t{1});
    if (get(site.kind) != wait_kind::condition) consider(index);
    if (get(site.is_loop) == 0) return;
    set(words_->last_site, static_cast<std::uint32_t>(index));
    start_turn(now());
  }

 private:
  // One thread writes: no locked instruction is needed.
  template <class T>
  static T get(const std::atomic<T>& word) noexcept {
    return word.load(std::memory_order_relaxed);
  }
  template <class T>
  static void set(std::atomic<T>& word, T value) noexcept {
    word.store(value, std::memory_order_relaxed);
  }
  template <class T>
  static void add(std::atomic<T>& word, T value) noexcept {
    set(word, get(word) + value);
  }

  bool turn_runs() const noexcept { return (get(words_->turn) & 1U) != 0; }

  // What is written after this is not seen before the number that is written now.
  void number_turn(std::uint64_t number) noexcept {
    words_->turn.store(number, std::memory_order_release);
    std::atomic_thread_fence(std::memory_order_release);
  }

  // A turn that still runs contains waits of a place that was not known for a loop's: nothing is counted for it.
  void start_turn(std::int64_t now) noexcept {
    const auto number = get(words_->turn);
    if (turn_runs()) [[unlikely]]
      number_turn(number + 1);
    set(words_->turn_start, now);
    has_condition_wait_ = false;
    number_turn((number + 1) | 1U);
  }

  void end_turn(std::int64_t now) noexcept {
    const auto start = get(words_->turn_start);
    const auto took = now - start;
    set(words_->turn_end, now);
    add(words_->busy_total, took);
    add(words_->turns[turn_cell(took)], std::uint64_t{1});
    if (took > get(words_->longest)) set(words_->longest, took);
    if (took >= long_turn_ns_) [[unlikely]]
      keep(start, now);
    number_turn(get(words_->turn) + 1);
  }

  __attribute__((noinline)) void keep(std::int64_t start, std::int64_t end) noexcept {
    const auto kept = get(words_->kept);
    auto& turn = words_->long_turns[kept % max_kept_turns];
    turn.number.store(0, std::memory_order_relaxed);  // not valid while it changes
    std::atomic_thread_fence(std::memory_order_release);
    set(turn.start, start);
    set(turn.end, end);
    set(turn.has_condition_wait, has_condition_wait_ ? 1U : 0U);
    turn.number.store(get(words_->turn), std::memory_order_release);
    words_->kept.store(kept + 1, std::memory_order_release);
  }

  bool is_at(const wait_site& site, const wait_place& place) const noexcept {
    return get(site.return_address) == place.return_address && get(site.descriptor) == place.descriptor &&
           get(site.kind) == place.kind;
  }

  std::size_t find_or_add(const wait_place& place) noexcept {
    if (is_at(words_->sites[last_used_], place)) [[likely]]
      return last_used_;
    auto index = find(place);
    if (index == no_site) index = add_site(place);
    if (index != no_site) last_used_ = index;
    return index;
  }

  __attribute__((noinline)) std::size_t find(const wait_place& place) const noexcept {
    for (std::size_t index = 0; index < max_sites; ++index) {
      if (is_at(words_->sites[index], place)) return index;
    }
    return no_site;
  }

  __attribute__((noinline)) std::size_t add_site(const wait_place& place) noexcept {
    const auto index = replaceable(place.kind);
    if (index == no_site) return no_site;
    auto& site = words_->sites[index];
    set(site.return_address, std::uintptr_t{0});
    std::atomic_thread_fence(std::memory_order_release);
    set(site.is_loop, 0U);
    set(site.returns, std::uint64_t{0});
    set(site.stack_pointer, place.stack_pointer);
    set(site.kind, place.kind);
    set(site.descriptor, place.descriptor);
    site.return_address.store(place.return_address, std::memory_order_release);
    returns_since_loop_[index] = 0;
    return index;
  }

  // A free cell, or the one with the fewest returns: of a place that is no loop's wait, if there is one. A condition
  // never takes the cell of an event wait, nor of a loop's.
  std::size_t replaceable(wait_kind kind) const noexcept {
    auto best = no_site;
    for (std::size_t index = 0; index < max_sites; ++index) {
      const auto& site = words_->sites[index];
      if (get(site.return_address) == 0) return index;
      const bool lesser = get(site.kind) == wait_kind::condition && get(site.is_loop) == 0;
      if (kind == wait_kind::condition && !lesser) continue;
      if (best == no_site || goes_first(site, words_->sites[best])) best = index;
    }
    return best;
  }

  static bool goes_first(const wait_site& one, const wait_site& other) noexcept {
    if (get(one.is_loop) != get(other.is_loop)) return get(one.is_loop) == 0;
    return get(one.returns) < get(other.returns);
  }

  void consider(std::size_t index) noexcept {
    if (get(words_->sites[index].is_loop) != 0) [[likely]] {
      returns_since_loop_ = {};
      return;
    }
    consider_as_loop(index);
  }

  __attribute__((noinline)) void consider_as_loop(std::size_t index) noexcept {
    const auto& site = words_->sites[index];
    const auto returns = ++returns_since_loop_[index];
    if (get(site.returns) < returns_of_a_loop) return;
    const bool takes_over = is_below_a_loop(site);
    if (takes_over && returns < returns_to_take_over) return;
    become_loop(index, takes_over);
  }

  bool is_below_a_loop(const wait_site& site) const noexcept {
    const auto pointer = get(site.stack_pointer);
    bool below = false;
    for (const auto& other : words_->sites) {
      if (!is_event_loop(other)) continue;
      if (same_instance(site, other)) return false;
      below = below || pointer < get(other.stack_pointer);
    }
    return below;
  }

  void become_loop(std::size_t index, bool takes_over) noexcept {
    auto& site = words_->sites[index];
    const auto pointer = get(site.stack_pointer);
    for (auto& other : words_->sites) {
      if (!is_event_loop(other) || same_instance(site, other)) continue;
      const auto others = get(other.stack_pointer);
      if (takes_over ? others > pointer : others < pointer) set(other.is_loop, 0U);
    }
    set(site.is_loop, 1U);
    set(words_->is_loop, 1U);
    returns_since_loop_ = {};
  }

  static bool is_event_loop(const wait_site& site) noexcept {
    return get(site.is_loop) != 0 && get(site.kind) != wait_kind::condition;
  }

  static bool same_instance(const wait_site& one, const wait_site& other) noexcept {
    const auto descriptor = get(one.descriptor);
    return descriptor >= 0 && descriptor == get(other.descriptor);
  }

  thread_words* words_ = nullptr;
  std::int64_t long_turn_ns_ = 0;
  std::size_t last_used_ = 0;
  bool has_condition_wait_ = false;                            ///< in the turn that runs
  std::array<std::uint32_t, max_sites> returns_since_loop_{};  ///< of a place, since a loop's wait returned
};

}  // namespace loopscope::watch
