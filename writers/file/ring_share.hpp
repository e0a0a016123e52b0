#pragma once

#include <boost/asio/execution_context.hpp>
#include <cstddef>
#include <deque>

namespace loopscope::writers {

/// Who may give its loop's ring a write: a bounded number at a time, the loop's files by turns.
///
/// Asio (Boost 1.81) takes 128 completions from its ring when it is told of new ones, and is not told of those that it
/// left: with more in flight the last ones can wait for ever.
/// Threads: the loop's. Lifetime: a service of the loop's io_context; a user withdraws before it is destroyed.
class ring_share : public boost::asio::execution_context::service {
 public:
  /// Measured: a flood of small writes gains from each doubling up to here on ext4 and tmpfs, on xfs not beyond.
  static constexpr std::size_t most_in_flight = 64;

  class user {
   public:
    /// Begins one write, which ends with ended(). Returns whether there is another one to begin.
    virtual bool begin_write() noexcept = 0;

   protected:
    ~user() = default;
  };

  using key_type = ring_share;
  static inline boost::asio::execution_context::id id;

  explicit ring_share(boost::asio::execution_context& loop) : service(loop) {}

  /// `who`, that had nothing to begin, has something now.
  void ask(user& who) noexcept;
  /// A write that was begun has ended.
  void ended() noexcept;
  void withdraw(user& who) { std::erase(waiting_, &who); }

 private:
  void shutdown() override {}
  void take_turns() noexcept;

  std::deque<user*> waiting_;
  std::size_t in_flight_ = 0;
};

}  // namespace loopscope::writers
