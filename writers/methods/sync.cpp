// SPDX-License-Identifier: MIT

#include <boost/asio/error.hpp>

#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {
namespace {

/// Records between two checks of the stop token, which another thread may set.
constexpr std::uint64_t records_between_stop_checks = 64;

}  // namespace

error_code blocking_write_records(write_task& task) {
  record next;
  for (std::uint64_t number = 0; number < task.count; ++number) {
    if (number % records_between_stop_checks == 0 && task.stop.stop_requested())
      return boost::asio::error::operation_aborted;
    next.format(number);
    task.progress.pending(1, next.bytes().size());
    if (const error_code error = blocking_write_all(task.file, next.bytes())) return error;
    task.progress.written(number + 1);
  }
  task.progress.pending(0, 0);
  task.progress.all_queued();
  return {};
}

boost::asio::awaitable<error_code> write_sync(write_task& task) {
  co_return blocking_write_records(task);
}

}  // namespace loopscope::writers
