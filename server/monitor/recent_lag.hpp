#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace loopscope::monitor {

/// The worst lag of about the last second, in slots of a tenth. Old samples leave by themselves: nothing is known
/// where nothing was measured.
///
/// Threads: one at a time.
class recent_lag {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  void add(time_point measured, std::chrono::nanoseconds lag) noexcept;
  /// nullopt when nothing was measured in the last second.
  std::optional<std::chrono::nanoseconds> worst(time_point now) const noexcept;

 private:
  static constexpr std::chrono::milliseconds slot_time{100};
  static constexpr std::size_t slot_count = 10;

  struct slot {
    std::int64_t number = -1;  // in slot times since the clock began
    std::chrono::nanoseconds worst{0};
  };
  static std::int64_t number_at(time_point when) noexcept { return when.time_since_epoch() / slot_time; }

  std::array<slot, slot_count> slots_{};
};

}  // namespace loopscope::monitor
