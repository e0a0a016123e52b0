#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>

namespace loopscope::writers {

/// VmRSS and VmHWM of this process in bytes; nothing where /proc does not say.
struct resident_memory {
  std::optional<std::uint64_t> current_bytes;
  std::optional<std::uint64_t> peak_bytes;
};

resident_memory blocking_read_resident_memory();

/// Measures the peak resident memory of spans of time, also of spans that overlap.
///
/// The kernel keeps one peak a process; each begin() resets it (clear_refs) after crediting what it showed to the
/// spans already under way. Units: bytes. Errors: a kernel that refuses the reset gives a span without a peak.
/// Threads: any; every member reads /proc and may block.
/// Source: proc(5), /proc/PID/clear_refs value 5 and VmHWM in /proc/PID/status.
class peak_memory_meter {
 public:
  struct figures {
    std::optional<std::uint64_t> before_bytes, peak_bytes, after_bytes;
  };

  /// One span under way. Lifetime: ends with blocking_end() or its destruction, before the meter does.
  class span {
   public:
    explicit span(peak_memory_meter& meter);
    ~span();
    span(const span&) = delete;
    span& operator=(const span&) = delete;
    figures blocking_end();

   private:
    peak_memory_meter& meter_;
    std::list<figures>::iterator mine_;
    bool ended_ = false;
  };

 private:
  void credit_peak(const resident_memory& now);

  std::mutex mutex_;
  std::list<figures> under_way_;
};

}  // namespace loopscope::writers
