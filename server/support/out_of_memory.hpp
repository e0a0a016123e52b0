// SPDX-License-Identifier: MIT

#pragma once

namespace loopscope {

/// From now on a failed allocation ends the process: one line on stderr, then exit_could_not_run.
///
/// Nothing is unwound, so that no request and no write continues in a half-finished state. A partial file stays and is
/// removed at the next start; complete files are untouched. Large allocations are limited and refused in advance (see
/// runs::admission and http::limits); this is the last resort. Covers operator new, the aligned_alloc(3) of Asio, and
/// system::mapped_memory; C libraries whose malloc(3) fails return their own errors. Threads: call it before a second
/// thread starts; in a constructor with priority, so that it also covers static objects of libraries.
void end_process_when_out_of_memory() noexcept;

}  // namespace loopscope
