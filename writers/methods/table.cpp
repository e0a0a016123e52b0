// SPDX-License-Identifier: MIT

// The methods. A new one needs a file in this folder, its name in the list of run functions and a row in the table:
// everything else (parameters, limits, /methods, --help, metrics, the page) reads the table.
#include <algorithm>
#include <array>

#include "../method.hpp"
#include "../write_run.hpp"
#include "record.hpp"
#include "write_task.hpp"

namespace loopscope::writers {

using run_function = boost::asio::awaitable<error_code>(write_task&);
run_function write_sync, write_promise, write_callback, write_stream, write_partition, write_offload;

using memory_function = std::uint64_t(const write_request&) noexcept;
memory_function callback_memory_bytes;

namespace {

std::uint64_t one_record(const write_request&) noexcept {
  return max_record_bytes;
}

std::uint64_t one_buffer(const write_request& request) noexcept {
  return request.high_water_mark_bytes;
}

constexpr std::array<std::string_view, 2> promise_aliases{"async", "await"};

constexpr std::array methods{
    method{
        .name = "sync",
        .effect = loop_effect::blocked,
        .back_ends = back_end_use::none,
        .description = "one write(2) per record on the I/O thread: nothing else runs until the last one",
        .shows = "One write(2) per record on the loop itself. The /hello line will climb until the last record is "
                 "written, and the stall card will name the line of code.",
        .advice = "Move the writes off the loop: method=offload or stream.",
        .memory_bytes = &one_record,
        .run = &write_sync,
    },
    method{
        .name = "promise",
        .aliases = promise_aliases,
        .effect = loop_effect::free,
        .back_ends = back_end_use::any,
        .description = "awaits one write per record: the loop is free, every record pays a round trip",
        .shows = "One awaited write after the other. /hello stays flat. A round trip per record makes this the slowest "
                 "method.",
        .memory_bytes = &one_record,
        .run = &write_promise,
    },
    method{
        .name = "callback",
        .effect = loop_effect::stressed,
        .back_ends = back_end_use::any,
        .takes_slice = true,
        .description = "starts every write at once with a completion callback each and no backpressure; slice_us, off "
                       "by default, cuts the queueing into slices",
        .shows = "Every write is started at once. The loop is delayed by the queueing and by the completions, pending "
                 "bytes and memory rise with the count, and the records may be out of order.",
        .advice = "Bound what is started at once: method=stream.",
        .memory_bytes = &callback_memory_bytes,
        .run = &write_callback,
    },
    method{
        .name = "stream",
        .effect = loop_effect::free,
        .back_ends = back_end_use::any,
        .has_buffer = true,
        .description = "buffers up to the high-water mark, waits for drain, writes large chunks",
        .shows = "A buffer up to the high-water mark, then a pause until it has drained. /hello stays flat, and the "
                 "write is over quickly.",
        .memory_bytes = &one_buffer,
        .run = &write_stream,
    },
    method{
        .name = "partition",
        .effect = loop_effect::free_between_slices,
        .back_ends = back_end_use::none,
        .takes_slice = true,
        .default_slice = std::chrono::microseconds{500},
        .description = "the sync loop cut into slices that yield to the loop between them: shorter than slice_us while "
                       "other handlers wait",
        .shows = "The blocking loop cut into slices that yield in between. The same work as sync, but /hello runs "
                 "between the slices.",
        .advice = "Yield more often: a smaller slice_us.",
        .memory_bytes = &one_record,
        .run = &write_partition,
    },
    method{
        .name = "offload",
        .effect = loop_effect::free,
        .back_ends = back_end_use::threads,
        .description = "the whole sync loop on a pool thread",
        .shows = "The blocking loop on another thread. The same work as sync, and the event loop never notices.",
        .memory_bytes = &one_record,
        .run = &write_offload,
    },
};

}  // namespace

std::span<const method> all_methods() noexcept {
  return methods;
}

std::size_t index_of(const method& row) noexcept {
  return static_cast<std::size_t>(&row - methods.data());
}

const method* find_method(std::string_view name_or_alias) noexcept {
  const auto found = std::ranges::find_if(methods, [name_or_alias](const method& each) {
    return each.name == name_or_alias || std::ranges::find(each.aliases, name_or_alias) != each.aliases.end();
  });
  return found == methods.end() ? nullptr : &*found;
}

std::string_view to_string(loop_effect effect) noexcept {
  switch (effect) {
    case loop_effect::blocked:
      return "blocked";
    case loop_effect::stressed:
      return "stressed";
    case loop_effect::free_between_slices:
      return "free between slices";
    case loop_effect::free:
      return "free";
  }
  return "";
}

}  // namespace loopscope::writers
