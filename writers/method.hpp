// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace loopscope::writers {

struct write_request;
struct write_task;

/// What a method does to the event loop that runs it.
enum class loop_effect { blocked, stressed, free_between_slices, free };

/// Which file back ends can carry out a method's writes.
enum class back_end_use {
  none,     ///< the I/O thread itself calls write(2)
  threads,  ///< a pool thread calls write(2), for the whole run
  any       ///< each write goes through the back end that the request selects
};

/// One way to write a million small records: a row of methods/table.cpp, with everything that differs between methods.
///
/// Lifetime: static. Threads: any.
struct method {
  std::string_view name;                           ///< also the file name, the command-line value and the metric label
  std::span<const std::string_view> aliases = {};  ///< other names that select it
  loop_effect effect;
  back_end_use back_ends;
  bool has_buffer = false;                                      ///< `high_water_mark` applies; drains are counted
  bool takes_slice = false;                                     ///< `slice_us` applies
  std::optional<std::chrono::microseconds> default_slice = {};  ///< nullopt: not sliced unless the request asks for it
  /// How often the bytes of a record are copied after its text was formatted, by construction. A method that formats
  /// where its write(2) reads has one: the kernel's, into the page cache.
  unsigned copies_per_record = 1;
  std::string_view description;  ///< one line: what it does
  std::string_view shows;        ///< one or two sentences: what a run will show
  std::string_view advice = {};  ///< what to do about a stall that it caused; empty: none
  /// Bytes of memory for records that wait to be written, at most.
  std::uint64_t (*memory_bytes)(const write_request&) noexcept;
  /// Writes every record. Completes when the kernel has accepted them all (in the page cache, not on the device).
  ///
  /// Errors: errno of the first failed write; operation_aborted after `stop` was requested and noticed.
  /// Threads: runs on the awaiting coroutine's executor, one thread at a time; no write is in flight afterwards.
  boost::asio::awaitable<boost::system::error_code> (*run)(write_task&);
};

/// Every method, in the order in which they are shown.
std::span<const method> all_methods() noexcept;
/// The position of a row in all_methods().
std::size_t index_of(const method& row) noexcept;
/// The method with that name or alias; nullptr: none has it.
const method* find_method(std::string_view name_or_alias) noexcept;
std::string_view to_string(loop_effect effect) noexcept;

}  // namespace loopscope::writers
