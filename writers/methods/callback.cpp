// SPDX-License-Identifier: MIT

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <memory_resource>
#include <type_traits>

#include "../system/mapped_memory.hpp"
#include "../write_run.hpp"
#include "loop_yield.hpp"
#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {
namespace {

/// Counts the completions of one run and resumes its coroutine after the last one.
class completions {
 public:
  completions(write_task& task, const boost::asio::any_io_executor& executor)
      : task_(task), last_(executor, boost::asio::steady_timer::time_point::max()) {}

  void started(std::size_t records, std::size_t bytes) noexcept {
    records_ += records;
    bytes_ += bytes;
    show_pending();
  }

  void completed(std::size_t bytes, error_code error) {
    --records_;
    bytes_ -= bytes;
    show_pending();
    if (!error) {
      task_.progress.written(++written_);
    } else {
      fail(error);
    }
    if (task_.stop.stop_requested()) fail(boost::asio::error::operation_aborted);
    if (records_ == 0) last_.cancel();
  }

  void fail(error_code error) {
    if (!error_) error_ = error;
    task_.back_end->cancel();  // a million more would fail the same way
  }
  bool failed() const noexcept { return error_.failed(); }

  boost::asio::awaitable<error_code> wait() {
    if (records_ != 0) co_await last_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return error_;
  }

 private:
  void show_pending() noexcept { task_.progress.pending(records_, bytes_); }

  write_task& task_;
  boost::asio::steady_timer last_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t written_ = 0;
  error_code error_;
};

/// The operation of one record. It lives until the record's callback has run.
struct callback_write : write_operation {
  callback_write(std::span<const std::byte> text, completions& run)
      : size_bytes(static_cast<std::uint32_t>(text.size())), owner(&run) {
    data = text;
    on_complete = [](write_operation& operation, error_code error) {
      const callback_write& self = static_cast<callback_write&>(operation);
      self.owner->completed(self.size_bytes, error);
    };
  }

  std::uint32_t size_bytes;  // a back end may use up `data`
  completions* owner;
};

static_assert(std::is_trivially_destructible_v<callback_write>);

/// The operations and texts of one run, batch by batch. Freed as a whole, not one by one.
class record_arena {
 public:
  struct batch {
    operation_queue operations;
    std::size_t text_bytes = 0;
  };

  batch add(std::uint64_t first, std::uint64_t count, completions& run) {
    batch added;
    std::pmr::polymorphic_allocator<> allocator{&records_};
    auto* const operations = allocator.allocate_object<callback_write>(count);
    added.text_bytes = total_bytes(first + count) - total_bytes(first);
    auto* text = static_cast<std::byte*>(allocator.allocate_bytes(added.text_bytes + max_record_bytes, 1));
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t size = format_record(first + i, std::span<std::byte, max_record_bytes>{text, max_record_bytes});
      added.operations.push(*std::construct_at(operations + i, std::span{text, size}, run));
      text += size;
    }
    return added;
  }
  /// Returns all memory to the kernel, page by page: takes milliseconds after a large run.
  void blocking_release() noexcept { records_.release(); }

 private:
  static constexpr std::size_t first_block_bytes = 256 * 1024;

  system::mapped_memory memory_;
  std::pmr::monotonic_buffer_resource records_{first_block_bytes, &memory_};
};

/// Records handed over at once: enough that the lock of the hand-over costs little per record.
constexpr std::uint64_t records_per_batch = 256;

}  // namespace

boost::asio::awaitable<error_code> write_callback(write_task& task) {
  using clock = write_progress::clock;
  const auto executor = co_await boost::asio::this_coro::executor;
  completions run{task, executor};
  record_arena records;
  // Without slices the whole loop runs before the first callback: that is the method.
  const auto slice_end_from_now = [&task] {
    return clock::now() + task.slice.value_or(std::chrono::microseconds::zero());
  };
  auto slice_end = slice_end_from_now();
  for (std::uint64_t number = 0; number < task.count;) {
    if (task.slice && clock::now() >= slice_end) {
      co_await yield_to_loop(executor);
      slice_end = slice_end_from_now();
    }
    if (task.stop.stop_requested()) run.fail(boost::asio::error::operation_aborted);
    if (run.failed()) break;
    const std::uint64_t count = std::min(task.count - number, records_per_batch);
    record_arena::batch batch = records.add(number, count, run);
    number += count;
    run.started(count, batch.text_bytes);
    task.back_end->start_all(batch.operations);
  }
  task.progress.all_queued();
  // An error_code is wrapped because Asio would turn a leading one into an exception.
  struct outcome {
    error_code error;
  };
  const outcome done{co_await run.wait()};
  const auto release = [&records, done] {
    records.blocking_release();
    return done;
  };
  co_return (co_await task.pool.async_run(release, boost::asio::use_awaitable)).error;
}

std::uint64_t callback_memory_bytes(const write_request& request) noexcept {
  return request.count * sizeof(callback_write) + total_bytes(request.count);
}

}  // namespace loopscope::writers
