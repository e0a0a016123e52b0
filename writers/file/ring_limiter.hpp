// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/execution_context.hpp>
#include <cstddef>
#include <deque>

namespace loopscope::writers {

/// Bounds the writes that a loop has in its ring; the files of the loop take turns.
///
/// Asio (Boost 1.81) takes up to 128 completions from its ring for each notification, and gets no new notification for
/// those that remain: with more writes in flight the last ones can wait for ever.
/// Threads: the loop's. Lifetime: a service of the loop's io_context; a user calls cancel() before it is destroyed.
class ring_limiter : public boost::asio::execution_context::service {
 public:
  /// Measured with a million small writes: throughput rose with each doubling up to this value on ext4 and tmpfs; xfs
  /// gained nothing beyond it.
  static constexpr std::size_t max_in_flight = 64;

  class user {
   public:
    /// Begins one write, which ends with done(). Returns whether another one is waiting.
    virtual bool begin_write() noexcept = 0;

   protected:
    ~user() = default;
  };

  using key_type = ring_limiter;
  static inline boost::asio::execution_context::id id;

  explicit ring_limiter(boost::asio::execution_context& loop) : service(loop) {}

  /// `client` had nothing to begin and now has a write.
  void request(user& client) noexcept;
  /// A write has ended.
  void done() noexcept;
  void cancel(user& client) { std::erase(waiting_, &client); }

 private:
  void shutdown() override {}
  void start_waiting() noexcept;

  std::deque<user*> waiting_;
  std::size_t in_flight_ = 0;
};

}  // namespace loopscope::writers
