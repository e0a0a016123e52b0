#include "cpu_time.hpp"

#include <sys/resource.h>
#include <time.h>

namespace loopscope::writers {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

nanoseconds to_nanoseconds(const timeval& time) {
  return seconds{time.tv_sec} + microseconds{time.tv_usec};
}

}  // namespace

cpu_time cpu_time::now() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  timespec thread{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &thread);
  return {to_nanoseconds(usage.ru_utime), to_nanoseconds(usage.ru_stime),
          seconds{thread.tv_sec} + nanoseconds{thread.tv_nsec}};
}

}  // namespace loopscope::writers
