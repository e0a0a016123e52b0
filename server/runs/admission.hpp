#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "writers/write_run.hpp"

namespace loopscope::runs {

/// What writes may take of this machine together.
struct run_limits {
  std::uint64_t max_count = 100'000'000;
  std::size_t max_writes = 8;
  std::uint64_t max_pending_bytes = 256ULL << 20;
  std::uint64_t max_output_bytes = 4ULL << 30;
};

/// What one write will take, known before it starts.
struct run_cost {
  std::uint64_t pending_bytes = 0;  ///< memory of records that wait to be written, or of reading them back
  std::uint64_t output_bytes = 0;   ///< on disk
};

run_cost estimate(const writers::write_request& request) noexcept;

/// Why a write may not start.
struct refusal {
  enum class cause { over_limit, too_many, shutting_down };
  cause why;
  std::string_view parameter{};   ///< what the client could change, for over_limit
  std::string_view limit_name{};  ///< the flag
  std::uint64_t estimate = 0;
  std::uint64_t limit = 0;
};

/// Decides whether a write may start beside those under way. Plain state; no clock, no I/O.
///
/// Threads: one at a time.
class admission {
 public:
  explicit admission(const run_limits& limits) : limits_(limits) {}

  /// Takes the cost into account when it answers nothing; give it back with release().
  std::optional<refusal> admit(const writers::write_request& request) noexcept;
  void release(const writers::write_request& request) noexcept;

  const run_limits& limits() const noexcept { return limits_; }

 private:
  run_limits limits_;
  std::size_t running_ = 0;
  run_cost taken_;
};

}  // namespace loopscope::runs
