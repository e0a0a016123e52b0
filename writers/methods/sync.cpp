// SPDX-License-Identifier: MIT

#include <algorithm>
#include <boost/asio/error.hpp>

#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {
namespace {

/// Records between two checks of the stop token, which another thread may set.
constexpr std::uint64_t records_between_stop_checks = 64;

}  // namespace

/// Not in the unnamed namespace: of what is inlined from there, debug information has no qualified name.
template <class File>
error_code blocking_write_each(File& file, std::uint64_t first, std::uint64_t last) {
  record next;
  for (std::uint64_t number = first; number < last; ++number) {
    next.format(number);
    if (const error_code error = blocking_write_all(file, next.bytes())) return error;
  }
  return {};
}

error_code blocking_write_records(write_task& task, std::uint64_t first, std::uint64_t last) {
  task.progress.pending(1, record{last - 1}.bytes().size());  // the longest
  const error_code failed =
      blocking_write_batch(task.file, [=](auto& file) { return blocking_write_each(file, first, last); });
  if (!failed) task.progress.written(last);
  return failed;
}

error_code blocking_write_records(write_task& task) {
  for (std::uint64_t first = 0; first < task.count; first += records_between_stop_checks) {
    if (task.stop.stop_requested()) return boost::asio::error::operation_aborted;
    const std::uint64_t last = std::min(first + records_between_stop_checks, task.count);
    if (const error_code error = blocking_write_records(task, first, last)) return error;
  }
  task.progress.pending(0, 0);
  task.progress.all_queued();
  return {};
}

boost::asio::awaitable<error_code> write_sync(write_task& task) {
  co_return blocking_write_records(task);
}

}  // namespace loopscope::writers
