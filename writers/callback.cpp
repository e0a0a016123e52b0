#include <malloc.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <new>

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

/// One record with everything that it needs until its callback has run.
struct callback_write : write_operation {
  callback_write(std::uint64_t number, completions& run) : text(number), owner(&run) {
    data = text.bytes();
    on_complete = [](write_operation& operation, error_code error) {
      const std::unique_ptr<callback_write> self{static_cast<callback_write*>(&operation)};
      self->owner->completed(self->text.bytes().size(), error);
    };
  }

  record text;
  completions* owner;
};

}  // namespace

boost::asio::awaitable<error_code> write_callback(write_task& task) {
  const auto executor = co_await boost::asio::this_coro::executor;
  completions run{task, executor};
  // The whole loop runs before any callback can: that is the method.
  for (std::uint64_t number = 0; number < task.count; ++number) {
    auto* operation = new (std::nothrow) callback_write{number, run};  // owned by its completion
    if (operation == nullptr) {
      run.fail(make_error_code(boost::system::errc::not_enough_memory));
      break;
    }
    run.started(operation->data.size());
    task.back_end->start(*operation);
  }
  task.progress.all_queued();
  co_return co_await run.wait();
}

std::size_t callback_bytes_per_record() noexcept {
  // What the allocator really hands out for one: its header and rounding count, too.
  static const std::size_t bytes = [] {
    const std::unique_ptr<void, decltype(&std::free)> probe{std::malloc(sizeof(callback_write)), &std::free};
    return ::malloc_usable_size(probe.get()) + sizeof(void*);
  }();
  return bytes;
}

}  // namespace loopscope::writers
