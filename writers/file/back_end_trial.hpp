#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "../method.hpp"
#include "back_end.hpp"
#include "file_error.hpp"
#include "uring_support.hpp"

namespace loopscope::writers {

/// What the writes of each method cost in one directory on each back end.
///
/// Units: steady-clock time of one write, each the median of several; uring is absent where it cannot run.
struct back_end_trial {
  struct cost {
    std::chrono::nanoseconds record{};   ///< awaited, one at a time: promise
    std::chrono::nanoseconds chunk{};    ///< of 64 KiB, awaited: stream
    std::chrono::nanoseconds flooded{};  ///< a record, hundreds started at once: callback
  };

  cost threads;
  std::optional<cost> uring;
  uring_support support;
  std::string failure;  ///< why nothing could be measured where a file can be made, such as a full disk; else empty

  /// The back end for a choice, and why: `automatic` goes by what the method's writes cost.
  /// `uring` falls back to threads where it cannot run and says so; whether that is acceptable is the caller's to
  /// decide from `support`.
  selected_back_end select(back_end_choice choice, method id) const;
};

/// Writes some hundred records and eight chunks to a temporary file in `directory` through each back
/// end, threads in a pool of that size, and measures them.
///
/// Errors: no file can be made in the directory. Threads: any but a loop's: it blocks for some milliseconds.
file_result<back_end_trial> blocking_try_back_ends(const std::filesystem::path& directory, std::size_t pool_threads);

}  // namespace loopscope::writers
