// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "back_end.hpp"
#include "method.hpp"
#include "system/page_cache.hpp"
#include "system/process.hpp"

namespace loopscope::writers {

/// The result of reading a file of records back.
struct content_figures {
  bool complete = false;                            ///< every record exactly once, whole, and nothing more
  bool in_order = false;                            ///< and each one behind its predecessor
  std::uint64_t out_of_order_records = 0;           ///< records that stand behind a larger one
  std::optional<std::uint64_t> first_out_of_order;  ///< the first position (record index) that holds another record
};

/// Everything measured about one finished write. A figure that could not be measured is absent, never zero.
///
/// Units: as typed; durations are steady-clock from the opening of the file.
struct write_report {
  const writers::method* method = nullptr;
  std::optional<back_end> io;  ///< absent if no back end is involved
  std::string io_reason;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string file;

  std::chrono::nanoseconds queued{};                ///< until the last record was handed over
  std::chrono::nanoseconds completed{};             ///< until the kernel had accepted the last one
  std::optional<std::chrono::nanoseconds> durable;  ///< until file and directory entry were on the device

  std::uint64_t write_calls = 0;
  std::uint64_t sync_calls = 0;

  system::peak_memory_meter::figures memory;
  std::uint64_t pending_peak_records = 0;
  std::uint64_t pending_peak_bytes = 0;

  system::cpu_time cpu;  ///< this_thread is the loop's thread

  std::optional<std::uint64_t> high_water_mark_bytes;  ///< methods with a buffer only, like the next two
  std::optional<std::uint64_t> drains;
  std::optional<std::chrono::nanoseconds> waited;

  std::optional<system::page_cache_figures> page_cache;  ///< at completion
  std::optional<content_figures> content;                ///< if the file was read back
};

}  // namespace loopscope::writers
