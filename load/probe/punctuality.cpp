#include "punctuality.hpp"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdint>

namespace loopscope::probe {
namespace {

// glibc has no wrapper before 2.41.
bool set_scheduling(const sched_attr& wanted) {
  sched_attr attributes = wanted;
  attributes.size = sizeof attributes;
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

bool ask_for_fifo() {
  sched_attr wanted{};
  wanted.sched_policy = SCHED_FIFO;
  wanted.sched_flags = SCHED_FLAG_RESET_ON_FORK;
  wanted.sched_priority = 1;
  return set_scheduling(wanted);
}

bool ask_for_short_slice() {
  constexpr std::uint64_t shortest_slice_ns = 100'000;
  sched_attr wanted{};
  wanted.sched_policy = SCHED_NORMAL;
  wanted.sched_flags = SCHED_FLAG_RESET_ON_FORK;
  wanted.sched_nice = getpriority(PRIO_PROCESS, 0);
  wanted.sched_runtime = shortest_slice_ns;
  return set_scheduling(wanted);
}

}  // namespace

std::string_view name(thread_scheduling scheduling) {
  switch (scheduling) {
    case thread_scheduling::fifo:
      return "fifo";
    case thread_scheduling::short_slice:
      return "short_slice";
    case thread_scheduling::ordinary:
      return "ordinary";
  }
  return "ordinary";
}

thread_scheduling make_punctual() {
  if (ask_for_fifo()) return thread_scheduling::fifo;
  if (ask_for_short_slice()) return thread_scheduling::short_slice;
  return thread_scheduling::ordinary;
}

}  // namespace loopscope::probe
