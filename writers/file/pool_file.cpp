#include "pool_file.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <mutex>
#include <optional>

namespace loopscope::writers {
namespace {

/// Writes that a pool thread takes at once at most, and carries out before others get a turn on it: enough to make the
/// file's change of hands cheap, few enough to share a burst.
constexpr std::size_t most_writes_a_turn = 64;
/// Completions run in one turn of the loop, so that a flood of them lets other handlers in.
constexpr std::size_t most_completions_a_turn = 256;
/// How long a pool thread that has nothing left looks out for more before it sleeps; waking one takes longer than a
/// write.
constexpr std::chrono::microseconds brief_lookout{20};
/// The same while that finds something: longer than it takes to fill a chunk of 64 KiB.
constexpr std::chrono::microseconds long_lookout{200};
/// A yield that takes longer went to somebody who is not the pool.
constexpr std::chrono::microseconds longest_absence{200};
/// How long the loop goes on with what else is ready, and does not sleep, for a lone write: about as long as the write
/// and handing it over take, but no longer than a wake-up.
std::chrono::microseconds longest_look(std::size_t bytes) {
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

/// Whether to try again what succeeds for a while and then fails for a while.
class luck {
 public:
  bool worth_a_try() { return trust_ > 0 || ++declined_ % declined_between_tries == 0; }
  void hit() { trust_ = most_trust; }
  void miss() {
    if (trust_ > 0) --trust_;
  }

 private:
  static constexpr int most_trust = 8;
  static constexpr unsigned declined_between_tries = 64;
  int trust_ = most_trust;
  unsigned declined_ = 0;
};

}  // namespace

class pool_file::shared_state : public std::enable_shared_from_this<shared_state> {
 public:
  shared_state(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file)
      : loop_(std::move(executor)), pool_(pool), file_(file) {}

  void start_all(operation_queue& operations) {
    if (operations.empty()) return;
    if (in_flight_ == 0) keep_running_.emplace(loop_);
    in_flight_ += operations.size();
    const bool lone = in_flight_ == 1 && look_.worth_a_try();
    const std::size_t bytes = operations.front().data.size();
    std::size_t new_turns = 0;
    bool look = false;
    {
      const std::lock_guard lock{mutex_};
      waiting_.append(operations);
      some_wait_.store(true, std::memory_order_release);
      if (waiting_.size() > idle_turns_) new_turns = std::min(waiting_.size() - idle_turns_, pool_.threads() - turns_);
      turns_ += new_turns;
      look = lone && !notified_;
      if (look) notified_ = true;
    }
    for (; new_turns > 0; --new_turns) post_turn(false);
    if (look) post_look(std::chrono::steady_clock::now() + longest_look(bytes));
  }

  void cancel() {
    const std::lock_guard lock{mutex_};
    cancelled_ = true;
  }

 private:
  enum class next_step { write, look_out, again, end };

  /// What a pool thread does for this file before others get theirs.
  struct turn {
    bool idle;  // has nothing to do yet: what is started next needs no other
    operation_queue operations = {};
    std::size_t written = 0;
    bool cancelled = false;
    std::chrono::microseconds lookout = brief_lookout;
  };

  void post_turn(bool idle) {
    boost::asio::post(pool_.executor(), [self = shared_from_this(), idle] { self->blocking_take_turn({idle}); });
  }

  void blocking_take_turn(turn mine) {
    for (;;) {
      switch (exchange(mine)) {
        case next_step::write:
          mine.written += mine.operations.size();
          mine.operations = blocking_write_each(mine.operations, mine.cancelled);
          break;
        case next_step::look_out:
          blocking_look_out(mine.lookout);
          break;
        case next_step::again:
          return post_turn(mine.idle);
        case next_step::end:
          return;
      }
    }
  }

  /// Hands in what was written, and takes what is to be written next.
  next_step exchange(turn& mine) {
    const bool used_up = mine.written >= most_writes_a_turn;
    bool notify = false;
    const auto step = [&] {
      const std::lock_guard lock{mutex_};
      notify = !mine.operations.empty() && !notified_;
      notified_ = notified_ || notify;
      completed_.append(mine.operations);
      some_completed_.store(!completed_.empty(), std::memory_order_release);
      mine.cancelled = cancelled_;
      const bool was_idle = std::exchange(mine.idle, false);
      if (was_idle) --idle_turns_;
      if (!waiting_.empty()) {
        if (was_idle) lookout_.hit();
        if (used_up) return next_step::again;
        const std::size_t share = waiting_.size() / (2 * pool_.threads()) + 1;
        mine.operations = waiting_.take(std::min(share, most_writes_a_turn));
        some_wait_.store(!waiting_.empty(), std::memory_order_relaxed);
        return next_step::write;
      }
      if (was_idle) lookout_.miss();
      if (was_idle || idle_turns_ > 0) {
        --turns_;
        return next_step::end;
      }
      mine.idle = true;
      ++idle_turns_;
      if (used_up) return next_step::again;
      mine.lookout = lookout_.worth_a_try() ? long_lookout : brief_lookout;
      return next_step::look_out;
    }();
    if (notify) post_completions();
    return step;
  }

  void blocking_look_out(std::chrono::microseconds longest) const {
    const auto give_up = std::chrono::steady_clock::now() + longest;
    while (!some_wait_.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < give_up) {
      if (one_cpu_) ::sched_yield();  // nothing can come while the loop does not run
    }
  }

  operation_queue blocking_write_each(operation_queue& operations, bool cancelled) {
    // What follows a short write must not land behind another thread's record. The kernel takes writes on one file
    // one at a time anyway, so one lock for all of them delays nobody.
    const std::lock_guard lock{file_mutex_};
    operation_queue done;
    while (!operations.empty()) {
      write_operation& operation = operations.pop();
      operation.error_value = cancelled ? ECANCELED : blocking_write_all(file_, operation.data).value();
      done.push(operation);
    }
    return done;
  }

  // A write to the page cache is often done before the loop, which has other handlers to run and events to ask for,
  // would be asleep: found then, it costs no wake-up.
  void post_look(std::chrono::steady_clock::time_point give_up) {
    boost::asio::post(loop_, [self = shared_from_this(), give_up] { self->look_for_completion(give_up); });
  }

  void look_for_completion(std::chrono::steady_clock::time_point give_up) noexcept {
    const bool absence_was_brief = !one_cpu_ || yield_is_brief();
    if (!some_completed_.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < give_up)
      return post_look(give_up);
    {
      const std::lock_guard lock{mutex_};
      if (completed_.empty()) notified_ = false;  // from now on the pool says when
      if (completed_.empty()) return look_.miss();
    }
    if (absence_was_brief) {
      look_.hit();
    } else {
      look_.miss();
    }
    complete_some();
  }

  // With a single CPU the pool can write only while the loop lets go of it. A neighbour that computes would then keep
  // it for milliseconds; a loop that sleeps instead is woken by its events.
  static bool yield_is_brief() {
    const auto before = std::chrono::steady_clock::now();
    ::sched_yield();
    return std::chrono::steady_clock::now() - before < longest_absence;
  }

  void post_completions() {
    boost::asio::post(loop_, [self = shared_from_this()] { self->complete_some(); });
  }

  void complete_some() noexcept {
    {
      const std::lock_guard lock{mutex_};
      ready_.append(completed_);
      some_completed_.store(false, std::memory_order_relaxed);
      notified_ = ready_.size() > most_completions_a_turn;
      if (notified_) post_completions();
    }
    operation_queue batch = ready_.take(most_completions_a_turn);  // a walk over cold memory, so not under the lock
    in_flight_ -= batch.size();
    if (in_flight_ == 0) keep_running_.reset();
    while (!batch.empty()) {
      write_operation& operation = batch.pop();
      operation.on_complete(operation, to_error(operation.error_value));
    }
  }

  const boost::asio::any_io_executor loop_;
  // Only on the loop: the loop has work while the pool does.
  std::size_t in_flight_ = 0;
  std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> keep_running_;
  luck look_;
  operation_queue ready_;  // completed, to be told in a later turn

  io_pool& pool_;
  blocking_file& file_;
  std::mutex file_mutex_;
  const bool one_cpu_ = !has_several_cpus();
  std::atomic<bool> some_wait_{false};
  std::atomic<bool> some_completed_{false};

  std::mutex mutex_;  // guards what follows
  operation_queue waiting_;
  operation_queue completed_;
  luck lookout_;
  std::size_t turns_ = 0;       // pool threads at work, or on their way, for this file
  std::size_t idle_turns_ = 0;  // of them: with nothing to do
  bool notified_ = false;       // the loop will see what is completed without being told
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
