// SPDX-License-Identifier: MIT

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include "loop_yield.hpp"
#include "slice_policy.hpp"
#include "write_task.hpp"

namespace loopscope::writers {
namespace {

/// Reading the clock costs a few per cent of one write(2), so several writes share one reading.
constexpr std::uint64_t records_between_clock_reads = 8;

}  // namespace

boost::asio::awaitable<error_code> write_partition(write_task& task) {
  using clock = write_progress::clock;
  const auto executor = co_await boost::asio::this_coro::executor;
  slice_policy policy{*task.slice};
  auto slice_end = clock::now() + policy.slice();
  for (std::uint64_t first = 0; first < task.count; first += records_between_clock_reads) {
    if (const auto now = clock::now(); now >= slice_end) {
      co_await yield_to_loop(executor);
      if (task.stop.stop_requested()) co_return boost::asio::error::operation_aborted;
      const auto resumed = clock::now();
      policy.yielded(resumed - now);
      slice_end = resumed + policy.slice();
    }
    const std::uint64_t last = std::min(first + records_between_clock_reads, task.count);
    if (const error_code error = blocking_write_records(task, first, last)) co_return error;
  }
  task.progress.pending(0, 0);
  task.progress.all_queued();
  co_return error_code{};
}

}  // namespace loopscope::writers
