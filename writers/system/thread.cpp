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
constexpr std::uint64_t usual_slice_ns = 0;
constexpr std::uint64_t min_slice_ns = 100'000;

/// Of the calling thread; their size is 0 where the kernel refuses to tell.
scheduling_attributes attributes_of_thread() noexcept {
  scheduling_attributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) attributes = {};
  return attributes;
}

bool request_slice(std::uint64_t slice_ns) noexcept {
  scheduling_attributes attributes = attributes_of_thread();
  if (attributes.size == 0 || attributes.policy != SCHED_OTHER) return false;
  attributes.flags |= reset_on_fork;
  attributes.runtime_ns = slice_ns;
  return ::syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

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
  return request_slice(min_slice_ns);
}

std::chrono::nanoseconds time_slice() noexcept {
  return std::chrono::nanoseconds{attributes_of_thread().runtime_ns};
}

usual_time_slice::usual_time_slice() noexcept
    : changed_(time_slice().count() == min_slice_ns && request_slice(usual_slice_ns)) {}

usual_time_slice::~usual_time_slice() {
  if (changed_) request_short_time_slice();
}

std::size_t allowed_cpus() noexcept {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;  // more CPUs than the set has room for
  return static_cast<std::size_t>(CPU_COUNT(&allowed));
}

}  // namespace loopscope::system
