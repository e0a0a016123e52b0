// SPDX-License-Identifier: MIT

#include "thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace loopscope::system {
namespace {

/// The first version of the kernel's sched_attr. glibc has none before 2.41, and the kernel's header cannot be included
/// together with <sched.h>.
struct scheduling_attributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime_ns;
  std::uint64_t deadline_ns;
  std::uint64_t period_ns;
};

constexpr std::uint64_t reset_on_fork = 1;
constexpr std::uint64_t min_slice_ns = 100'000;

}  // namespace

blocked_signals::blocked_signals() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &previous_);
}

blocked_signals::~blocked_signals() {
  ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

bool request_short_time_slice() noexcept {
  scheduling_attributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return false;
  if (attributes.policy != SCHED_OTHER) return false;
  attributes.flags |= reset_on_fork;
  attributes.runtime_ns = min_slice_ns;
  return ::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

std::size_t allowed_cpus() noexcept {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;  // more CPUs than the set has room for
  return static_cast<std::size_t>(CPU_COUNT(&allowed));
}

}  // namespace loopscope::system
