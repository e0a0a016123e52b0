#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {
namespace {

/// Reading the clock costs a few per cent of one write(2), so several writes share one reading.
constexpr std::uint64_t records_between_clock_reads = 8;

}  // namespace

boost::asio::awaitable<error_code> write_partition(write_task& task) {
  using clock = write_progress::clock;
  const auto executor = co_await boost::asio::this_coro::executor;
  record next;
  auto slice_end = clock::now() + *task.slice;
  for (std::uint64_t number = 0; number < task.count; ++number) {
    if (number % records_between_clock_reads == 0 && clock::now() >= slice_end) {
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
      if (task.stop.stop_requested()) co_return boost::asio::error::operation_aborted;
      slice_end = clock::now() + *task.slice;
    }
    next.format(number);
    task.progress.pending(1, next.bytes().size());
    if (const error_code error = blocking_write_all(task.file, next.bytes())) co_return error;
    task.progress.written(number + 1);
  }
  task.progress.pending(0, 0);
  task.progress.all_queued();
  co_return error_code{};
}

}  // namespace loopscope::writers
