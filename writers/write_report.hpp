#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "file/back_end.hpp"
#include "measure/cpu_time.hpp"
#include "measure/page_cache.hpp"
#include "measure/resident_memory.hpp"
#include "method.hpp"
#include "verify.hpp"

namespace loopscope::writers {

/// Everything measured about one finished write. What could not be measured is absent, never zero.
///
/// Units: as typed; durations are steady-clock from the opening of the file.
struct write_report {
  method id{};
  std::optional<back_end> io;  ///< absent where no back end is involved
  std::string io_reason;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  std::string file;

  std::chrono::nanoseconds queued{};                ///< until the last record was handed over
  std::chrono::nanoseconds completed{};             ///< until the kernel had accepted the last one
  std::optional<std::chrono::nanoseconds> durable;  ///< until file and directory entry were on the device

  std::uint64_t write_calls = 0;
  std::uint64_t sync_calls = 0;

  peak_memory_meter::figures memory;
  std::uint64_t pending_peak_records = 0;
  std::uint64_t pending_peak_bytes = 0;

  cpu_time cpu;  ///< this_thread is the loop's thread

  std::optional<std::uint64_t> high_water_mark_bytes;  ///< stream only, as the next two
  std::optional<std::uint64_t> drains;
  std::optional<std::chrono::nanoseconds> waited;

  std::optional<page_cache_figures> page_cache;  ///< at completion
  std::optional<content_figures> content;        ///< when the file was read back
};

}  // namespace loopscope::writers
