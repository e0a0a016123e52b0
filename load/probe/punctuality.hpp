#pragma once

#include <string_view>

namespace loopscope::probe {

/// How the kernel schedules the thread that sends.
enum class thread_scheduling {
  fifo,         ///< real-time: runs as soon as it is due; needs CAP_SYS_NICE or an RLIMIT_RTPRIO
  short_slice,  ///< ordinary, with the shortest time slice, which brings an earlier turn (Linux 6.12; before it,
                ///< nothing)
  ordinary,
};

/// The name used in the reports.
std::string_view name(thread_scheduling scheduling);

/// Asks the kernel to run the calling thread as punctually as this process may: on a busy machine a request would
/// otherwise be sent milliseconds late. The kernel's own throttling keeps a real-time thread from taking a whole CPU.
///
/// Answers what was granted. Threads that it starts later do not inherit it.
thread_scheduling make_punctual();

}  // namespace loopscope::probe
