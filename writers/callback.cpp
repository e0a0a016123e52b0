#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>

#include "mapped_memory.hpp"
#include "record.hpp"
#include "strategy.hpp"

namespace loopscope::writers {
namespace {

/// Counts the completions of one run and wakes its coroutine at the last.
class completions {
 public:
  completions(write_task& task, const boost::asio::any_io_executor& executor)
      : task_(task), last_(executor, boost::asio::steady_timer::time_point::max()) {}

  void started(std::size_t bytes) noexcept {
    ++records_;
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

/// One record with everything that it needs until its callback has run. Freed with the whole flood, not one by one.
struct callback_write : write_operation {
  callback_write(std::uint64_t number, completions& run) : text(number), owner(&run) {
    data = text.bytes();
    on_complete = [](write_operation& operation, error_code error) {
      const callback_write& self = static_cast<callback_write&>(operation);
      self.owner->completed(self.text.bytes().size(), error);
    };
  }

  record text;
  completions* owner;
};

static_assert(std::is_trivially_destructible_v<callback_write>);

/// The records of one run.
class flood {
 public:
  /// Null when there is no memory left.
  callback_write* try_add(std::uint64_t number, completions& run) noexcept {
    try {
      return std::pmr::polymorphic_allocator<>{&records_}.new_object<callback_write>(number, run);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  /// Gives all of it back to the kernel, page by page: milliseconds for a large flood.
  void blocking_release() noexcept { records_.release(); }

 private:
  static constexpr std::size_t first_block_bytes = 256 * 1024;

  mapped_memory memory_;
  std::pmr::monotonic_buffer_resource records_{first_block_bytes, &memory_};
};

}  // namespace

boost::asio::awaitable<error_code> write_callback(write_task& task) {
  const auto executor = co_await boost::asio::this_coro::executor;
  completions run{task, executor};
  flood records;
  // The whole loop runs before any callback can: that is the method.
  for (std::uint64_t number = 0; number < task.count; ++number) {
    callback_write* const operation = records.try_add(number, run);
    if (operation == nullptr) {
      run.fail(make_error_code(boost::system::errc::not_enough_memory));
      break;
    }
    run.started(operation->data.size());
    task.back_end->start(*operation);
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

std::size_t callback_bytes_per_record() noexcept {
  return sizeof(callback_write);
}

}  // namespace loopscope::writers
