// SPDX-License-Identifier: MIT

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "record.hpp"
#include "stream_buffer.hpp"
#include "write_task.hpp"

namespace loopscope::writers {
namespace {

/// Records formatted between updates of the progress counters.
constexpr std::uint64_t max_records_per_update = 64;

/// Writes the buffered bytes until the buffer reports drain, finish or an error.
boost::asio::awaitable<stream_buffer::event> flush(write_task& task, stream_buffer& buffer) {
  auto event = stream_buffer::event::none;
  while (event == stream_buffer::event::none) {
    const auto [error] = co_await async_write_all(*task.back_end, buffer.begin_flush(),
                                                  boost::asio::as_tuple(boost::asio::use_awaitable));
    event = buffer.flushed(error);
  }
  co_return event;
}

}  // namespace

boost::asio::awaitable<error_code> write_stream(write_task& task) {
  using clock = write_progress::clock;
  stream_buffer buffer{task.high_water_mark_bytes};
  std::uint64_t flushed_records = 0;
  for (std::uint64_t number = 0; number < task.count;) {
    // Node calls write() once per record. Here one call commits several records, because the result of write() changes
    // only at the high-water mark.
    const std::uint64_t end = number + std::min(max_records_per_update, task.count - number);
    const auto room = buffer.prepare(static_cast<std::size_t>(end - number) * max_record_bytes);
    std::size_t size_bytes = 0;
    do {
      size_bytes += format_record(number++, room.subspan(size_bytes).first<max_record_bytes>());
    } while (number < end && size_bytes < buffer.bytes_to_mark());
    const bool go_on = buffer.commit(size_bytes);
    task.progress.pending(number - flushed_records, buffer.buffered_bytes());
    if (go_on) continue;

    if (task.stop.stop_requested()) co_return boost::asio::error::operation_aborted;
    const auto paused_at = clock::now();
    if (co_await flush(task, buffer) == stream_buffer::event::failed) co_return buffer.error();
    task.progress.drained(clock::now() - paused_at);
    flushed_records = number;
    task.progress.written(flushed_records);
    task.progress.pending(0, 0);
  }
  task.progress.pending(task.count - flushed_records, buffer.buffered_bytes());
  task.progress.all_queued();
  if (buffer.end() != stream_buffer::event::finish) {
    if (co_await flush(task, buffer) == stream_buffer::event::failed) co_return buffer.error();
  }
  task.progress.written(task.count);
  task.progress.pending(0, 0);
  co_return error_code{};
}

}  // namespace loopscope::writers
