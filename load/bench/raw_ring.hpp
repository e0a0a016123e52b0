// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <span>

namespace loopscope::bench {

/// Options of liburing, to measure what Asio could gain from them. Asio offers only registered buffers.
struct ring_options {
  unsigned depth = 1;              ///< writes in flight
  bool linked = false;             ///< each write starts after the one before it has ended
  bool registered = false;         ///< the kernel maps the buffer once
  bool polled = false;             ///< polls for completions without a system call
  bool submission_thread = false;  ///< a kernel thread takes submitted writes (SQPOLL)
  bool deferred = false;           ///< completions are delivered only on request (DEFER_TASKRUN)
  bool one_cpu = false;            ///< this thread and the kernel's workers stay on the first allowed CPU
};

/// Writes `data` `count` times, one after the other from the start of the file. Errors: throws std::system_error.
void write_on_ring(int file, std::span<const std::byte> data, std::size_t count, const ring_options& options);

}  // namespace loopscope::bench
