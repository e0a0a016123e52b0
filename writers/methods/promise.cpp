// SPDX-License-Identifier: MIT

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {

boost::asio::awaitable<error_code> write_promise(write_task& task) {
  record next;
  for (std::uint64_t number = 0; number < task.count; ++number) {
    if (task.stop.stop_requested()) co_return boost::asio::error::operation_aborted;
    next.format(number);
    task.progress.pending(1, next.bytes().size());
    if (number + 1 == task.count) task.progress.all_queued();
    const auto [error] =
        co_await async_write_all(*task.back_end, next.bytes(), boost::asio::as_tuple(boost::asio::use_awaitable));
    if (error) co_return error;
    task.progress.written(number + 1);
  }
  task.progress.pending(0, 0);
  co_return error_code{};
}

}  // namespace loopscope::writers
