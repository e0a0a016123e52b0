// SPDX-License-Identifier: MIT

#include "pool_file.hpp"

#include <sched.h>

#include <algorithm>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_category.hpp>
#include <chrono>
#include <optional>

#include "spin_gate.hpp"
#include "write_workers.hpp"

namespace loopscope::writers {
namespace {

using clock = spin_gate::clock;

/// Completions per turn of the loop, so that a flood of them lets other handlers in.
constexpr std::size_t max_completions_per_turn = 256;
/// A sched_yield(2) that takes longer gave the CPU to another process, not to the pool.
constexpr std::chrono::microseconds max_yield{200};

/// How long the loop polls for the completion of a single write before it sleeps: twice what the writes before have
/// taken. A fixed time was too short beside another file's writes: two promise writes took 1.24 times as long as two
/// alone, and now 1.01.
class poll_time {
 public:
  std::chrono::nanoseconds now() const { return std::min<std::chrono::nanoseconds>(2 * typical_, max); }
  /// A write was complete after this time, which includes the wake-up of a loop that had given up.
  void add(std::chrono::nanoseconds taken) {
    typical_ += (std::min<std::chrono::nanoseconds>(taken, max) - typical_) / 8;
  }

 private:
  /// Twice a wake-up, which takes 50 us: a loop that polls for longer would have done better to sleep. Reasoned.
  static constexpr std::chrono::microseconds max{100};
  std::chrono::nanoseconds typical_ = std::chrono::microseconds{20};
};

error_code to_error(int value) {
  return {value, boost::system::system_category()};
}

}  // namespace

class pool_file::shared_state final : public write_workers::file, public std::enable_shared_from_this<shared_state> {
 public:
  shared_state(boost::asio::any_io_executor executor, write_workers& workers, blocking_file& target)
      : file(target), loop_(std::move(executor)), workers_(workers) {}

  boost::asio::execution_context& context() const { return boost::asio::query(loop_, boost::asio::execution::context); }

  void start_all(operation_queue& operations) {
    if (operations.empty()) return;
    if (in_flight_ == 0) keep_running_.emplace(loop_);
    in_flight_ += operations.size();
    const auto now = clock::now();
    const bool polled = in_flight_ == 1 && poll_gate_.should_spin(now);
    submitted_ = now;
    if (workers_.submit(shared_from_this(), operations, polled)) post_poll(now + poll_time_.now());
  }

 private:
  // A write to the page cache is often complete before the loop, which has other handlers to run and events to poll,
  // would sleep. Found by polling, it costs no wake-up.
  void post_poll(clock::time_point give_up) {
    boost::asio::post(loop_, [self = shared_from_this(), give_up] { self->poll_completion(give_up); });
  }

  void poll_completion(clock::time_point give_up) noexcept {
    const bool yielded_briefly = !workers_.single_cpu() || yield_is_brief();
    if (!workers_.has_completed(*this) && clock::now() < give_up) return post_poll(give_up);
    const bool completed = complete_some();
    if (!completed) workers_.add_worker();  // the workers are busy for longer than expected
    if (completed && yielded_briefly) {
      poll_gate_.succeeded();
    } else {
      poll_gate_.failed();
    }
  }

  // With a single CPU the pool can write only while the loop yields. If another process computes, it may keep the CPU
  // for milliseconds; a loop that sleeps is woken by its events.
  static bool yield_is_brief() {
    const auto before = clock::now();
    ::sched_yield();
    return clock::now() - before < max_yield;
  }

  void notify_loop() override {
    boost::asio::post(loop_, [self = shared_from_this()] { self->complete_some(); });
  }

  /// Returns whether there was a completion.
  bool complete_some() noexcept {
    if (workers_.take_completed(*this, ready_, max_completions_per_turn)) notify_loop();
    operation_queue batch = ready_.take(max_completions_per_turn);  // walks over cold memory, so not under the mutex
    const bool any = !batch.empty();
    if (any && batch.size() == in_flight_) poll_time_.add(clock::now() - submitted_);
    in_flight_ -= batch.size();
    if (in_flight_ == 0) keep_running_.reset();
    while (!batch.empty()) {
      write_operation& operation = batch.pop();
      operation.on_complete(operation, to_error(operation.error_value));
    }
    return any;
  }

  const boost::asio::any_io_executor loop_;
  write_workers& workers_;
  // Used on the loop only. The loop has work while the pool has.
  std::size_t in_flight_ = 0;
  std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> keep_running_;
  spin_gate poll_gate_;
  poll_time poll_time_;
  clock::time_point submitted_;
  operation_queue ready_;  // completed; on_complete is called in a later turn
};

pool_file::pool_file(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file)
    : workers_(pool.workers()), state_(std::make_shared<shared_state>(std::move(executor), workers_, file)) {
  workers_.add_file(state_->context());
}

pool_file::~pool_file() {
  workers_.remove_file(state_->context());
}

void pool_file::start(write_operation& operation) noexcept {
  operation_queue lone;
  lone.push(operation);
  state_->start_all(lone);
}

void pool_file::start_all(operation_queue& operations) noexcept {
  state_->start_all(operations);
}

void pool_file::cancel() noexcept {
  workers_.cancel(*state_);
}

}  // namespace loopscope::writers
