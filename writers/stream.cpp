#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "record.hpp"
#include "strategy.hpp"
#include "stream_buffer.hpp"

namespace loopscope::writers {
namespace {

/// Records between two looks of others at how full the buffer is.
constexpr std::uint64_t records_between_reports = 64;

/// Writes what is buffered until the buffer says that the producer may go on, or is done.
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
  for (std::uint64_t number = 0; number < task.count; ++number) {
    const auto room = buffer.prepare(max_record_bytes);
    if (buffer.commit(format_record(number, room.first<max_record_bytes>()))) {
      if (number % records_between_reports == 0)
        task.progress.pending(number + 1 - flushed_records, buffer.buffered_bytes());
      continue;
    }

    if (task.stop.stop_requested()) co_return boost::asio::error::operation_aborted;
    task.progress.pending(number + 1 - flushed_records, buffer.buffered_bytes());
    const auto paused_at = clock::now();
    if (co_await flush(task, buffer) == stream_buffer::event::failed) co_return buffer.error();
    task.progress.drained(clock::now() - paused_at);
    flushed_records = number + 1;
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
