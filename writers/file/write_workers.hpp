// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
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
 public:
  /// A file's writes between its loop and the workers.
  class file {
   public:
    explicit file(blocking_file& target) : target_(target) {}
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    bool has_completed() const noexcept { return has_completed_.load(std::memory_order_acquire); }

   protected:
    ~file() = default;

   private:
    friend write_workers;
    /// Makes the loop take the completed writes. Called on a worker.
    virtual void notify_loop() = 0;
    operation_queue blocking_write_each(operation_queue& operations, bool cancelled);

    blocking_file& target_;
    std::mutex writing_;
    std::atomic<bool> has_completed_{false};
    // Guarded by the workers' mutex.
    operation_queue waiting_;
    operation_queue completed_;
    std::size_t turns_ = 0;  // in the queue of turns, or with a worker
    bool notified_ = false;  // the loop will see completions without a notification
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

  struct worker {
    file_pointer on = {};
    operation_queue operations = {};
    std::size_t written = 0;
    bool cancelled = false;
    bool starting = true;
    bool yielding = false;  // spins, and yields the core at each look
    spin_end spun = spin_end::none;
  };

  struct used_loop {
    loop* context;
    std::size_t files;
  };

  void post_worker();
  void blocking_work();
  next_step exchange(worker& mine);
  void queue_turns(const file_pointer& writing);
  bool may_spin(worker& mine);
  spin_end blocking_spin(bool yielding) const;

  boost::asio::thread_pool& pool_;
  const std::size_t threads_;
  const std::size_t cpus_;
  std::atomic<std::size_t> tasks_waiting_{0};
  std::atomic<std::size_t> tasks_running_{0};
  std::atomic<bool> has_turns_{false};

  std::mutex mutex_;  // guards what follows
  std::deque<file_pointer> turns_;
  std::vector<used_loop> loops_;
  spin_gate spin_gate_;
  std::size_t workers_ = 0;   // all; of them:
  std::size_t starting_ = 0;  // posted to the pool
  std::size_t spinning_ = 0;
};

}  // namespace loopscope::writers
