// SPDX-License-Identifier: MIT

#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <stdexcept>

#include "writers/system/clock.hpp"

namespace loopscope::monitor::testing {

/// What a thread measured about itself, without the monitor's help: the truth that a record is compared with.
struct own_times {
  std::chrono::nanoseconds wall{0};
  std::chrono::nanoseconds cpu{0};
  std::chrono::nanoseconds run_queue{0};

  std::chrono::nanoseconds off_cpu() const { return wall - cpu - run_queue; }

  /// The calling thread's clocks now.
  static own_times now() {
    own_times out;
    out.wall = std::chrono::steady_clock::now().time_since_epoch();
    timespec cpu{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    out.cpu = system::to_nanoseconds(cpu);
    std::ifstream file("/proc/thread-self/schedstat");
    std::int64_t on_cpu_ns = 0;
    std::int64_t run_queue_ns = 0;
    if (!(file >> on_cpu_ns >> run_queue_ns)) throw std::runtime_error("this kernel has no schedstat");
    out.run_queue = std::chrono::nanoseconds{run_queue_ns};
    return out;
  }
};

inline own_times operator-(const own_times& end, const own_times& start) {
  return {end.wall - start.wall, end.cpu - start.cpu, end.run_queue - start.run_queue};
}

inline std::ostream& operator<<(std::ostream& out, const own_times& t) {
  const auto ms = [](std::chrono::nanoseconds d) { return static_cast<double>(d.count()) / 1e6; };
  return out << "measured by the thread itself: " << ms(t.wall) << " ms, of it CPU " << ms(t.cpu) << ", run queue "
             << ms(t.run_queue) << ", asleep " << ms(t.off_cpu());
}

/// Runs f and returns what the calling thread used for it.
template <class Function>
own_times times_of(Function f) {
  const auto start = own_times::now();
  f();
  return own_times::now() - start;
}

}  // namespace loopscope::monitor::testing
