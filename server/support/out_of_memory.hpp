#pragma once

namespace loopscope {

inline constexpr int exit_out_of_memory = 1;

/// From now on an allocation that fails ends the process: one line on stderr, then exit_out_of_memory.
///
/// Nothing is unwound, so nothing is left half done: no request without an answer, no write without its owner. A
/// partial file stays behind and is removed at the next start; complete files are untouched. What is large is bounded
/// and refused before it is allocated (see runs::admission and http::limits), so that this is the last resort. Covers
/// operator new, the memory that Asio takes from aligned_alloc(3), and mapped_memory of the writers; a C library whose
/// malloc(3) fails reports an error of its own. Threads: call it before a second thread starts.
void end_process_when_out_of_memory() noexcept;

}  // namespace loopscope
