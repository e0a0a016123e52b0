#include "pool_file.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <optional>

#include "operation_queue.hpp"

namespace loopscope::writers {
namespace {

/// Writes that a pool thread carries out before others get a turn on it.
constexpr std::size_t most_writes_a_turn = 64;
/// Operations a pool thread takes at once: enough to make the lock cheap, few enough to share a burst.
constexpr std::size_t most_writes_taken = 16;
/// Completions run in one turn of the loop, so that a flood of them lets other handlers in.
constexpr std::size_t most_completions_a_turn = 256;

error_code to_error(int value) {
  return {value, boost::system::system_category()};
}

}  // namespace

class pool_file::shared_state : public std::enable_shared_from_this<shared_state> {
 public:
  shared_state(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file)
      : loop_(std::move(executor)), pool_(pool), file_(file) {}

  void start(write_operation& operation) {
    if (in_flight_++ == 0) keep_running_.emplace(loop_);
    bool wake = false;
    {
      const std::lock_guard lock{mutex_};
      waiting_.push(operation);
      wake = turns_ < pool_.threads();
      if (wake) ++turns_;
    }
    if (wake) post_turn();
  }

  void cancel() {
    const std::lock_guard lock{mutex_};
    cancelled_ = true;
  }

 private:
  void post_turn() {
    boost::asio::post(pool_.executor(), [self = shared_from_this()] { self->blocking_take_turn(); });
  }

  void blocking_take_turn() {
    operation_queue done;
    for (std::size_t written = 0;; written += done.size()) {
      operation_queue mine;
      bool cancelled = false;
      {
        std::unique_lock lock{mutex_};
        const bool notify = !done.empty() && !notified_;
        notified_ = notified_ || notify;
        completed_.append(done);
        const bool stay = !waiting_.empty() && written < most_writes_a_turn;
        if (stay) {
          const std::size_t share = waiting_.size() / (2 * pool_.threads()) + 1;
          mine = waiting_.take(std::min(share, most_writes_taken));
          cancelled = cancelled_;
        }
        const bool again = !stay && !waiting_.empty();
        if (!stay && !again) --turns_;
        lock.unlock();
        if (notify) post_completions();
        if (again) post_turn();
        if (!stay) return;
      }
      done = blocking_write_each(mine, cancelled);
    }
  }

  operation_queue blocking_write_each(operation_queue& operations, bool cancelled) {
    operation_queue done;
    while (!operations.empty()) {
      write_operation& operation = operations.pop();
      operation.error_value = cancelled ? ECANCELED : blocking_write_whole(operation.data).value();
      done.push(operation);
    }
    return done;
  }

  error_code blocking_write_whole(std::span<const std::byte> data) {
    // What follows a short write must not land behind another thread's record. The kernel takes writes on one
    // file one at a time anyway; measured, the lock adds nothing.
    const std::lock_guard lock{file_mutex_};
    return blocking_write_all(file_, data);
  }

  void post_completions() {
    boost::asio::post(loop_, [self = shared_from_this()] { self->complete_some(); });
  }

  void complete_some() {
    operation_queue batch;
    {
      const std::lock_guard lock{mutex_};
      batch = completed_.take(most_completions_a_turn);
      notified_ = !completed_.empty();
      if (notified_) post_completions();
    }
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

  io_pool& pool_;
  blocking_file& file_;
  std::mutex file_mutex_;

  std::mutex mutex_;  // guards what follows
  operation_queue waiting_;
  operation_queue completed_;
  std::size_t turns_ = 0;  // pool threads at work, or on their way, for this file
  bool notified_ = false;  // a complete_some() is on its way
  bool cancelled_ = false;
};

pool_file::pool_file(boost::asio::any_io_executor executor, io_pool& pool, blocking_file& file)
    : state_(std::make_shared<shared_state>(std::move(executor), pool, file)) {}

pool_file::~pool_file() = default;

void pool_file::start(write_operation& operation) {
  state_->start(operation);
}

void pool_file::cancel() {
  state_->cancel();
}

}  // namespace loopscope::writers
