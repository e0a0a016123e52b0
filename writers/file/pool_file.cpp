#include "pool_file.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <mutex>
#include <optional>

#include "spin_gate.hpp"

namespace loopscope::writers {
namespace {

/// Writes that a worker takes at once at most, and carries out before other files get its thread. Measured with four
/// floods at once: 64 is as fast as one file alone; with 16 the file's mutex changes hands too often.
constexpr std::size_t max_writes_per_turn = 64;
/// Completions per turn of the loop, so that a flood of them lets other handlers in.
constexpr std::size_t max_completions_per_turn = 256;
/// How long an idle worker spins before it parks. Waking a thread on the other core takes 40 us, half of a measured
/// round trip of 85 us; a write(2) of a record takes 1 us.
constexpr std::chrono::microseconds brief_spin{20};
/// How long it spins while spinning has been succeeding: longer than filling one 64 KiB chunk, which takes 60 us.
constexpr std::chrono::microseconds long_spin{200};
/// A sched_yield(2) that takes longer gave the CPU to another process, not to the pool.
constexpr std::chrono::microseconds max_yield{200};
/// How long the loop polls for the completion of a single write before it sleeps: the write (measured: 1 us per 2 KiB
/// into the page cache) plus 5 us for the hand-over, but no longer than a wake-up takes. With a fixed number of polls
/// in place of a time, a faster machine polled too briefly, and promise took 8.7 us a record in place of 2.
std::chrono::microseconds poll_time(std::size_t bytes) {
  constexpr std::size_t page_cache_bytes_per_us = 2048;
  constexpr std::chrono::microseconds wake_up{50};
  return std::min(wake_up, std::chrono::microseconds{5 + bytes / page_cache_bytes_per_us});
}

error_code to_error(int value) {
  return {value, boost::system::system_category()};
}

bool has_several_cpus() {
  cpu_set_t allowed;
  return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 1;
}

}  // namespace

class pool_file::shared_state : public std::enable_shared_from_this<shared_state> {
 public:
  shared_state(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file)
      : loop_(std::move(executor)), pool_(pool), file_(file) {}

  void start_all(operation_queue& operations) {
    if (operations.empty()) return;
    if (in_flight_ == 0) keep_running_.emplace(loop_);
    in_flight_ += operations.size();
    const bool single = in_flight_ == 1 && poll_gate_.should_spin();
    const std::size_t bytes = operations.front().data.size();
    std::size_t new_workers = 0;
    bool poll = false;
    {
      const std::lock_guard lock{mutex_};
      waiting_.append(operations);
      has_waiting_.store(true, std::memory_order_release);
      if (waiting_.size() > idle_workers_)
        new_workers = std::min(waiting_.size() - idle_workers_, pool_.threads() - workers_);
      workers_ += new_workers;
      poll = single && !notified_;
      if (poll) notified_ = true;
    }
    for (; new_workers > 0; --new_workers) post_worker(false);
    if (poll) post_poll(std::chrono::steady_clock::now() + poll_time(bytes));
  }

  void cancel() {
    const std::lock_guard lock{mutex_};
    cancelled_ = true;
  }

 private:
  enum class next_step { write, spin, yield, end };

  /// A pool thread that writes for this file, until it has nothing left or yields the thread to other files.
  struct worker {
    bool idle;  // has nothing to do: the next write needs no other worker
    operation_queue operations = {};
    std::size_t written = 0;
    bool cancelled = false;
    std::chrono::microseconds spin_time = brief_spin;
  };

  void post_worker(bool idle) {
    boost::asio::post(pool_.executor(), [self = shared_from_this(), idle] { self->blocking_work({idle}); });
  }

  void blocking_work(worker mine) {
    for (;;) {
      switch (exchange(mine)) {
        case next_step::write:
          mine.written += mine.operations.size();
          mine.operations = blocking_write_each(mine.operations, mine.cancelled);
          break;
        case next_step::spin:
          blocking_spin(mine.spin_time);
          break;
        case next_step::yield:
          return post_worker(mine.idle);
        case next_step::end:
          return;
      }
    }
  }

  /// Hands over the completed writes and takes the next ones.
  next_step exchange(worker& mine) {
    const bool used_up = mine.written >= max_writes_per_turn;
    bool notify = false;
    const auto step = [&] {
      const std::lock_guard lock{mutex_};
      notify = !mine.operations.empty() && !notified_;
      notified_ = notified_ || notify;
      completed_.append(mine.operations);
      has_completed_.store(!completed_.empty(), std::memory_order_release);
      mine.cancelled = cancelled_;
      const bool was_idle = std::exchange(mine.idle, false);
      if (was_idle) --idle_workers_;
      if (!waiting_.empty()) {
        if (was_idle) spin_gate_.succeeded();
        if (used_up) return next_step::yield;
        const std::size_t share = waiting_.size() / (2 * pool_.threads()) + 1;
        mine.operations = waiting_.take(std::min(share, max_writes_per_turn));
        has_waiting_.store(!waiting_.empty(), std::memory_order_relaxed);
        return next_step::write;
      }
      if (was_idle) spin_gate_.failed();
      if (was_idle || idle_workers_ > 0) {
        --workers_;
        return next_step::end;
      }
      mine.idle = true;
      ++idle_workers_;
      if (used_up) return next_step::yield;
      mine.spin_time = spin_gate_.should_spin() ? long_spin : brief_spin;
      return next_step::spin;
    }();
    if (notify) post_completions();
    return step;
  }

  void blocking_spin(std::chrono::microseconds max_time) const {
    const auto give_up = std::chrono::steady_clock::now() + max_time;
    while (!has_waiting_.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < give_up) {
      if (single_cpu_) ::sched_yield();  // the loop has to run before anything can arrive
    }
  }

  operation_queue blocking_write_each(operation_queue& operations, bool cancelled) {
    // The rest of a short write must not follow another thread's record. The kernel serialises the writes of one file
    // anyway, so one mutex for all of them delays nobody.
    const std::lock_guard lock{file_mutex_};
    operation_queue done;
    while (!operations.empty()) {
      write_operation& operation = operations.pop();
      operation.error_value = cancelled ? ECANCELED : blocking_write_all(file_, operation.data).value();
      done.push(operation);
    }
    return done;
  }

  // A write to the page cache is often complete before the loop, which has other handlers to run and events to poll,
  // would sleep. Found by polling, it costs no wake-up.
  void post_poll(std::chrono::steady_clock::time_point give_up) {
    boost::asio::post(loop_, [self = shared_from_this(), give_up] { self->poll_completion(give_up); });
  }

  void poll_completion(std::chrono::steady_clock::time_point give_up) noexcept {
    const bool yielded_briefly = !single_cpu_ || yield_is_brief();
    if (!has_completed_.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < give_up)
      return post_poll(give_up);
    {
      const std::lock_guard lock{mutex_};
      if (completed_.empty()) notified_ = false;  // from now on a worker notifies the loop
      if (completed_.empty()) return poll_gate_.failed();
    }
    if (yielded_briefly) {
      poll_gate_.succeeded();
    } else {
      poll_gate_.failed();
    }
    complete_some();
  }

  // With a single CPU the pool can write only while the loop yields. If another process computes, it may keep the CPU
  // for milliseconds; a loop that sleeps is woken by its events.
  static bool yield_is_brief() {
    const auto before = std::chrono::steady_clock::now();
    ::sched_yield();
    return std::chrono::steady_clock::now() - before < max_yield;
  }

  void post_completions() {
    boost::asio::post(loop_, [self = shared_from_this()] { self->complete_some(); });
  }

  void complete_some() noexcept {
    {
      const std::lock_guard lock{mutex_};
      ready_.append(completed_);
      has_completed_.store(false, std::memory_order_relaxed);
      notified_ = ready_.size() > max_completions_per_turn;
      if (notified_) post_completions();
    }
    operation_queue batch = ready_.take(max_completions_per_turn);  // walks over cold memory, so not under the mutex
    in_flight_ -= batch.size();
    if (in_flight_ == 0) keep_running_.reset();
    while (!batch.empty()) {
      write_operation& operation = batch.pop();
      operation.on_complete(operation, to_error(operation.error_value));
    }
  }

  const boost::asio::any_io_executor loop_;
  // Used on the loop only. The loop has work while the pool has.
  std::size_t in_flight_ = 0;
  std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> keep_running_;
  spin_gate poll_gate_;
  operation_queue ready_;  // completed; on_complete is called in a later turn

  io_pool& pool_;
  blocking_file& file_;
  std::mutex file_mutex_;
  const bool single_cpu_ = !has_several_cpus();
  std::atomic<bool> has_waiting_{false};
  std::atomic<bool> has_completed_{false};

  std::mutex mutex_;  // guards what follows
  operation_queue waiting_;
  operation_queue completed_;
  class spin_gate spin_gate_;
  std::size_t workers_ = 0;       // running or posted
  std::size_t idle_workers_ = 0;  // of them: have nothing to do
  bool notified_ = false;         // the loop will see completions without a notification
  bool cancelled_ = false;
};

pool_file::pool_file(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file)
    : state_(std::make_shared<shared_state>(std::move(executor), pool, file)) {}

pool_file::~pool_file() = default;

void pool_file::start(write_operation& operation) noexcept {
  operation_queue lone;
  lone.push(operation);
  state_->start_all(lone);
}

void pool_file::start_all(operation_queue& operations) noexcept {
  state_->start_all(operations);
}

void pool_file::cancel() noexcept {
  state_->cancel();
}

}  // namespace loopscope::writers
