// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <atomic>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "async_file.hpp"
#include "blocking_file.hpp"
#include "spin_gate.hpp"

namespace loopscope::writers {

/// The pool threads that write for every pool_file of an io_pool.
///
/// The files take turns. One worker serves many of them, so writes side by side need no thread each: an idle worker
/// spins for the next write of any file before it parks. At most as many spin as there are cores that no loop with a
/// file, no other task of the pool and no writing worker uses. Where none is left, one worker may spin that yields its
/// core each time it looks; it is what makes awaited writes fast on a single core.
///
/// Threads: any. Lifetime: as the pool's, whose join() comes before its destruction.
class write_workers {
  struct mailbox;

  /// What one thread writes and another one looks at all the time has a line of its own. Between two cores a line takes
  /// 0.24 us on the machine of load/bench/README.md, where a write(2) takes 1.5.
  static constexpr std::size_t cache_line_bytes = 64;

 public:
  /// A file's writes between its loop and the workers.
  class file {
   public:
    explicit file(blocking_file& target) : target_(target) {}
    file(const file&) = delete;
    file& operator=(const file&) = delete;

   protected:
    ~file() = default;

   private:
    friend write_workers;
    /// Makes the loop take the completed writes. Called on a worker.
    virtual void notify_loop() = 0;
    int blocking_write(std::span<const std::byte> data);
    operation_queue blocking_write_each(operation_queue& operations, bool cancelled);

    alignas(cache_line_bytes) std::atomic<bool> has_completed_{false};
    std::atomic<mailbox*> mailbox_{nullptr};  // that has its lone write
    alignas(cache_line_bytes) blocking_file& target_;
    std::atomic<std::uint64_t> end_{0};  // where the next write begins
    // Guarded by the workers' mutex.
    alignas(cache_line_bytes) operation_queue waiting_;
    operation_queue completed_;
    std::size_t turns_ = 0;  // in the queue of turns, or with a worker
    bool notified_ = false;  // the loop will see completions without a notification
    spin_gate::clock::time_point notified_at_;
    bool cancelled_ = false;
  };
  using file_pointer = std::shared_ptr<file>;
  using loop = boost::asio::execution_context;

  write_workers(boost::asio::thread_pool& pool, std::size_t threads, std::size_t cpus)
      : pool_(pool), threads_(threads), cpus_(cpus) {}
  write_workers(const write_workers&) = delete;
  write_workers& operator=(const write_workers&) = delete;

  bool single_cpu() const noexcept { return cpus_ == 1; }

  /// A loop that has a file may be busy with it.
  void add_file(loop& of_file);
  void remove_file(loop& of_file);

  /// Queues writes of a file. If `polled`, its loop will poll for the completion, and calls add_worker() if that takes
  /// longer than expected: a worker that is writing for another file may take this one then.
  ///
  /// Returns whether the loop may poll. If not, it will be notified.
  bool submit(const file_pointer& writing, operation_queue& operations, bool polled);
  /// Whether take_completed() has something to take. For a loop that polls.
  bool has_completed(const file& of) const noexcept {
    if (of.has_completed_.load(std::memory_order_acquire)) return true;
    const mailbox* const mine = of.mailbox_.load(std::memory_order_relaxed);
    return mine && mine->state.load(std::memory_order_acquire) == mailbox_state::done;
  }
  /// Starts one more worker if a turn is waiting and the pool allows it.
  void add_worker();
  void cancel(file& writing);
  /// Moves the completed writes to the end of `to`. The loop is notified of later ones, unless more than
  /// `max_count` are in `to` then: it takes those in another turn. Returns whether it has to.
  bool take_completed(file& from, operation_queue& to, std::size_t max_count);

  /// Tasks of the pool that are no writes.
  void task_posted() noexcept { tasks_waiting_.fetch_add(1, std::memory_order_relaxed); }
  void task_started() noexcept {
    tasks_waiting_.fetch_sub(1, std::memory_order_relaxed);
    tasks_running_.fetch_add(1, std::memory_order_relaxed);
  }
  void task_ended() noexcept { tasks_running_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  enum class next_step { write, spin, yield, end };
  enum class spin_end { none, turn_came, time_is_up, core_lost, task_waits };
  enum class mailbox_state : unsigned char {
    closed,     // no worker looks at it
    empty,      // a spinning worker waits for a write
    posted,     // the worker has not begun the write
    writing,    // it has, and the loop polls
    abandoned,  // the same, but the loop polls no longer
    done,
  };

  /// Where a loop that polls gives a lone write to a spinning worker, and gets it back. All that passes between the two
  /// threads is in one cache line, and the worker takes no lock: the states change under the workers' mutex, but for
  /// the worker's own steps to `writing` and to `done`. A loop that gives up polling takes back what is not begun, for
  /// the worker may be busy with another file's write for long.
  struct alignas(cache_line_bytes) mailbox {
    std::atomic<mailbox_state> state{mailbox_state::closed};
    int error_value = 0;
    file* target = nullptr;
    std::span<const std::byte> data;
    // Guarded by the workers' mutex. The worker does not look at them.
    alignas(cache_line_bytes) file_pointer user;
    write_operation* operation = nullptr;
  };

  struct worker {
    file_pointer on = {};
    operation_queue operations = {};
    std::size_t written = 0;
    bool cancelled = false;
    bool starting = true;
    bool yielding = false;  // spins, and yields the core at each look
    bool has_mailboxes = false;
    spin_end spun = spin_end::none;
  };

  struct used_loop {
    loop* context;
    std::size_t files;
  };

  void post_worker();
  void blocking_work();
  next_step exchange(worker& mine);
  static bool end_turn(file& of, operation_queue& done);
  void queue_turns(const file_pointer& writing);
  bool may_spin(worker& mine);
  spin_end blocking_spin(const worker& mine);
  bool post_lone_write(const file_pointer& writing, operation_queue& operations);
  static bool begin_posted(mailbox& box);
  static bool blocking_write_posted(mailbox& box);
  void take_lone_write(mailbox& box, operation_queue& to);
  void close_mailboxes(std::vector<file_pointer>& to_notify);
  void queue_lone_write(mailbox& box, mailbox_state next);
  write_operation& clear_mailbox(mailbox& box, mailbox_state next);

  boost::asio::thread_pool& pool_;
  const std::size_t threads_;
  const std::size_t cpus_;
  std::array<mailbox, 8> mailboxes_;  // all of one worker
  alignas(cache_line_bytes) std::atomic<std::size_t> tasks_waiting_{0};
  std::atomic<std::size_t> tasks_running_{0};
  std::atomic<bool> has_turns_{false};

  alignas(cache_line_bytes) std::mutex mutex_;  // guards what follows
  std::deque<file_pointer> turns_;
  std::vector<used_loop> loops_;
  spin_gate spin_gate_;
  std::size_t workers_ = 0;   // all; of them:
  std::size_t starting_ = 0;  // posted to the pool
  std::size_t spinning_ = 0;
  std::size_t in_mailboxes_ = 0;  // lone writes
};

}  // namespace loopscope::writers
