#pragma once

#include <cstddef>
#include <span>

namespace loopscope::bench {

/// How liburing alone writes: what Asio, which shows none of it but the registered buffers, could gain by it.
struct ring_options {
  unsigned depth = 1;              ///< writes in flight
  bool linked = false;             ///< each starts when the one before it has ended
  bool registered = false;         ///< the buffer is mapped once
  bool polled = false;             ///< looks for the end without a system call
  bool submission_thread = false;  ///< the kernel's own thread takes what is submitted
  bool deferred = false;           ///< completions wait until they are asked for: no signal interrupts the loop
  bool one_cpu = false;            ///< this thread and the kernel's workers on the first CPU that it may use
};

/// Writes `data` `count` times, one behind the other from the file's start; throws system_error.
void write_on_ring(int file, std::span<const std::byte> data, std::size_t count, const ring_options& options);

}  // namespace loopscope::bench
