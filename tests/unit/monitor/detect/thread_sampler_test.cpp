#include "server/monitor/detect/thread_sampler.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/explain/stack_sampler.hpp"
#include "server/monitor/options.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

clockid_t own_cpu_clock() {
  clockid_t out{};
  ::pthread_getcpuclockid(::pthread_self(), &out);
  return out;
}

TEST(thread_sampler, sees_that_a_thread_runs_and_what_it_uses) {
  const thread_sampler own(::gettid(), own_cpu_clock());
  const auto first = own.sample(steady::now());
  const auto end = steady::now() + milliseconds{20};
  while (steady::now() < end) {
  }
  const auto second = own.sample(steady::now());
  ASSERT_TRUE(first && second);
  EXPECT_GT(second->cpu, first->cpu);
  EXPECT_NE(second->state, thread_state::waiting);
}

TEST(thread_sampler, knows_nothing_of_a_thread_that_has_ended) {
  pid_t tid = 0;
  clockid_t cpu{};
  std::thread([&] {
    tid = ::gettid();
    cpu = own_cpu_clock();
  }).join();
  const thread_sampler gone(tid, cpu);
  EXPECT_FALSE(gone.sample(steady::now()));
}

TEST(thread_sampler, is_not_signalled_while_a_debugger_traces_it) {
  const auto tid = ::gettid();
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char byte = 0;
    while (::read(done[0], &byte, 1) != 1) {
    }
    byte = ::ptrace(PTRACE_SEIZE, tid, nullptr, nullptr) == 0 ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    while (::read(done[0], &byte, 1) != 1) {
    }
    ::_exit(0);
  }
  ::prctl(PR_SET_PTRACER, child, 0, 0, 0);
  EXPECT_EQ(::write(done[1], "x", 1), 1);
  char attached = 0;
  ASSERT_EQ(::read(ready[0], &attached, 1), 1);
  const thread_sampler own(tid, own_cpu_clock());
  const auto obstacle = obstacle_to_signal(tid, resolve_capture_signal(default_capture_signal));
  EXPECT_EQ(::write(done[1], "x", 1), 1);
  ::waitpid(child, nullptr, 0);
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
  if (attached != 'y') GTEST_SKIP() << "this system lets no child trace its parent";
  EXPECT_NE(obstacle.find("traced"), std::string::npos) << obstacle;
  EXPECT_EQ(obstacle_to_signal(tid, resolve_capture_signal(default_capture_signal)), "");
}

TEST(scheduler_clock, agrees_with_the_steady_clock_on_any_cpu) {
  scheduler_clock clock;
  system::proc_file sched("/proc/thread-self/sched");
  if (!system::parse_exec_start(sched.read())) GTEST_SKIP() << "this kernel has no sched files";
  clock.measure_this_cpu();
  const auto before = steady::now();
  timespec unused{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &unused);
  const auto now = clock.to_steady(*system::parse_exec_start(sched.read()), ::sched_getcpu(), true);
  ASSERT_TRUE(now);
  // Two clocks and a scheduler lie between; what matters is that they do not differ by a stall.
  EXPECT_LT(std::chrono::abs(*now - before), milliseconds{100});
}

TEST(host_view, adds_up_the_lateness_of_wake_ups) {
  host_pressure_meter host;
  const auto now = steady::now();
  const auto first = host.on_wake(now, now).watchdog_late;
  const auto second = host.on_wake(now - milliseconds{40}, now).watchdog_late;
  EXPECT_GE(second - first, milliseconds{30});
}

}  // namespace
}  // namespace loopscope::monitor
