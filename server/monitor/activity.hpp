// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "stall_record.hpp"

namespace loopscope::monitor {

class activity_slot;

/// The description of one request, for as long as it is served.
///
/// The constructor copies route (63 bytes) and query (255 bytes) into a preallocated record of the slot and cuts what
/// is longer. It allocates nothing and takes no lock. If no record is free, the activity is empty: scopes with it name
/// no request, and the slot counts it as dropped. Threads: construct and destroy from any thread. Lifetime: keeps the
/// slot's records alive.
class activity {
 public:
  activity(std::shared_ptr<activity_slot> slot, std::uint64_t id, std::string_view route, std::string_view query);
  activity(const activity&) = delete;
  activity& operator=(const activity&) = delete;
  ~activity();

  /// What activity_scope publishes; 0 for an empty activity.
  std::uint64_t ticket() const noexcept { return ticket_; }

 private:
  std::shared_ptr<activity_slot> slot_;
  std::uint64_t ticket_ = 0;
};

/// What one loop is working on: published by the loop, read by the watchdog while the loop is blocked.
///
/// A ticket holds the index and the generation of a record in one word, so that one relaxed store publishes both. A
/// record's generation changes when its activity ends, so that a reader recognizes an old ticket. Records are words
/// behind a sequence number (a seqlock). They live as long as the slot, so that a reader never touches freed memory.
class activity_slot {
 public:
  explicit activity_slot(std::size_t capacity);

  /// The request that the loop works on now; nullopt when there is none, or when it changed during the read.
  std::optional<request_info> read() const;

  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  /// Handlers that ran through attributed executors. If it rises, the loop makes progress.
  std::uint64_t handlers_run() const noexcept { return handlers_run_.load(std::memory_order_relaxed); }
  std::uint64_t current() const noexcept { return current_.load(std::memory_order_relaxed); }

  /// For activity_scope and attributed_executor, on the loop's thread. Returns the previous ticket.
  std::uint64_t publish(std::uint64_t ticket) noexcept {
    const auto previous = current_.load(std::memory_order_relaxed);
    current_.store(ticket, std::memory_order_relaxed);
    return previous;
  }
  void count_handler() noexcept {
    handlers_run_.store(handlers_run_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

 private:
  friend class activity;

  static constexpr std::size_t route_bytes = 64;
  static constexpr std::size_t query_bytes = 256;
  static constexpr std::size_t words = 1 + (route_bytes + query_bytes) / 8;

  struct record {
    std::atomic<bool> taken{false};
    // Odd while the record is written. The generation of a ticket is the even value after that.
    std::atomic<std::uint32_t> sequence{0};
    std::array<std::atomic<std::uint64_t>, words> content{};
  };

  std::uint64_t open(std::uint64_t id, std::string_view route, std::string_view query) noexcept;
  void close(std::uint64_t ticket) noexcept;

  std::size_t capacity_;
  std::unique_ptr<record[]> records_;
  std::atomic<std::size_t> hint_{0};
  std::atomic<std::uint64_t> dropped_{0};
  alignas(64) std::atomic<std::uint64_t> current_{0};
  std::atomic<std::uint64_t> handlers_run_{0};
};

/// Publishes that the loop works on an activity until the end of the scope: two relaxed stores.
///
/// Use it in plain handlers, on the loop's thread, where nothing suspends. For a coroutine use an attributed_executor.
/// Scopes nest. Lifetime: the slot and the activity outlive the scope.
class activity_scope {
 public:
  activity_scope(activity_slot& slot, const activity& current) noexcept
      : slot_(slot), previous_(slot.publish(current.ticket())) {}
  activity_scope(const activity_scope&) = delete;
  activity_scope& operator=(const activity_scope&) = delete;
  ~activity_scope() { slot_.publish(previous_); }

 private:
  activity_slot& slot_;
  std::uint64_t previous_;
};

}  // namespace loopscope::monitor
