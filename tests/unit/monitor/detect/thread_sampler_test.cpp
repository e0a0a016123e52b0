// SPDX-License-Identifier: MIT

#include "server/monitor/detect/thread_sampler.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <thread>

#include "server/monitor/explain/alternate_stack.hpp"
#include "server/monitor/explain/blocked_call.hpp"
#include "server/monitor/explain/stack_sampler.hpp"
#include "server/monitor/options.hpp"
#include "tests/unit/monitor/own_times.hpp"
#include "tests/unit/monitor/running_loop.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

event_queue unknown_queue;

thread_sampler sampler_of_this_thread(event_queue& events = unknown_queue) {
  return {{::getpid(), ::gettid()}, {}, events};
}

TEST(thread_sampler, reads_the_times_of_a_running_thread) {
  auto own = sampler_of_this_thread();
  for (int i = 0; i < 3; ++i) {
    const auto before = own_times::now();
    const auto sample = own.sample();
    const auto after = own_times::now();
    ASSERT_TRUE(sample && sample->run_queue);
    EXPECT_GE(sample->cpu, before.cpu);
    EXPECT_LE(sample->cpu, after.cpu);
    EXPECT_GE(*sample->run_queue, before.run_queue);
    EXPECT_LE(*sample->run_queue, after.run_queue);
    const auto end = steady::now() + milliseconds{20};
    while (steady::now() < end) {
    }
  }
}

TEST(thread_sampler, finds_a_computing_thread_runnable) {
  std::promise<thread_sampler> known;
  const std::jthread thread([&](const std::stop_token& stop) {
    known.set_value(sampler_of_this_thread());
    while (!stop.stop_requested()) {
    }
  });
  auto sampler = known.get_future().get();
  wait_until("the thread computes", [&] {
    const auto sample = sampler.sample();
    return sample && sample->state == thread_state::runnable;
  });
}

/// A thread that sleeps in a call which a byte in the pipe ends.
class thread_asleep {
 public:
  template <class Call>
  explicit thread_asleep(Call call, event_queue& events = unknown_queue) {
    if (::pipe(ends_) != 0) throw std::runtime_error("no pipe");
    std::promise<void> started;
    thread_ = std::thread([&, call] {
      sampler_.emplace(sampler_of_this_thread(events));
      started.set_value();
      call(ends_[0]);
    });
    started.get_future().wait();
  }
  ~thread_asleep() {
    EXPECT_EQ(::write(ends_[1], "x", 1), 1);
    thread_.join();
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  int read_end() const { return ends_[0]; }
  void wake() const { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
  std::optional<thread_sample> sample() { return sampler_->sample(); }
  void on_beat() { sampler_->on_beat(true); }
  pid_t tid() const { return sampler_->thread().tid; }
  std::optional<std::chrono::nanoseconds> not_running_for(const thread_sample& sample, scheduler_clock& clock) const {
    return sampler_->not_running_for(sample, clock);
  }
  thread_sample sample_in(thread_state state) {
    std::optional<thread_sample> sample;
    wait_until("the thread is in the call", [&] {
      sample = sampler_->sample();
      return sample && sample->state == state;
    });
    return *sample;
  }

 private:
  int ends_[2];
  std::optional<thread_sampler> sampler_;
  std::thread thread_;
};

TEST(thread_sampler, finds_the_call_that_a_thread_sleeps_in) {
  thread_asleep thread([](int fd) {
    char byte = 0;
    while (::read(fd, &byte, 1) != 1) {
    }
  });
  const auto sample = thread.sample_in(thread_state::asleep);
  ASSERT_TRUE(sample.call);
  EXPECT_EQ(sample.call->number, SYS_read);
  const auto call = describe_call({::getpid(), thread.tid()}, *sample.call);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->name, "read");
  EXPECT_EQ(call->fd, thread.read_end());
  EXPECT_TRUE(call->path.starts_with("pipe:[")) << call->path;
}

TEST(thread_sampler, takes_a_wait_for_events_for_idle) {
  thread_asleep thread([](int fd) {
    const int events = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {}};
    ::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
    while (::epoll_wait(events, &event, 1, -1) < 0) {
    }
    ::close(events);
  });
  EXPECT_EQ(thread.sample_in(thread_state::waiting).state, thread_state::waiting);
}

/// Waits for a byte at fd in epoll_wait(2), this many frames deeper on the stack, and closes the queue.
[[gnu::noinline]] void wait_for_events(int fd, int depth, int events = ::epoll_create1(EPOLL_CLOEXEC)) {
  volatile char frame[512];
  frame[0] = 0;
  if (depth > 0) return wait_for_events(fd, depth - 1, events), static_cast<void>(frame[0]);
  epoll_event event{.events = EPOLLIN, .data = {}};
  ::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
  while (::epoll_wait(events, &event, 1, -1) < 0) {
  }
  ::close(events);
}

TEST(thread_sampler, knows_since_when_a_thread_waits_whichever_cpu_it_was_on) {
  const auto start = steady::now();
  thread_asleep thread([](int fd) { wait_for_events(fd, 0); });
  thread.sample_in(thread_state::waiting);
  const auto waits = steady::now();
  std::this_thread::sleep_for(milliseconds{50});
  const auto sample = thread.sample_in(thread_state::waiting);
  if (!system::parse_exec_start(system::proc_file("/proc/thread-self/sched").read()))
    GTEST_SKIP() << "this kernel has no sched files";
  scheduler_clock clock;
  std::optional<std::chrono::nanoseconds> found;
  wait_until("the offset of its CPU is measured", [&] {
    found = thread.not_running_for(sample, clock);
    return found.has_value();
  });
  // What a hypervisor takes meanwhile is taken for a part of the wait, or of the time before it.
  EXPECT_GE(*found, sample.time - waits - milliseconds{20});
  EXPECT_LE(*found, sample.time - start + milliseconds{20});
}

TEST(thread_sampler, takes_a_deeper_wait_for_events_for_that_of_a_handler) {
  thread_asleep thread([](int fd) {
    char byte = 0;
    wait_for_events(fd, 0);
    while (::read(fd, &byte, 1) != 1) {
    }
    wait_for_events(fd, 4);
  });
  EXPECT_EQ(thread.sample_in(thread_state::waiting).call->number, SYS_epoll_wait);
  thread.wake();
  wait_until("the wait in the handler", [&] {
    const auto sample = thread.sample();
    return sample && sample->state == thread_state::asleep && sample->call->number == SYS_epoll_wait;
  });
  for (int i = 0; i < 2; ++i) thread.on_beat();
  EXPECT_EQ(thread.sample()->state, thread_state::asleep);
  thread.on_beat();
  EXPECT_EQ(thread.sample_in(thread_state::waiting).call->number, SYS_epoll_wait);
}

TEST(thread_sampler, takes_a_wait_in_another_queue_than_the_loops_for_that_of_a_handler) {
  const int of_loop = ::epoll_create1(EPOLL_CLOEXEC);
  event_queue events([&](int descriptor) { return descriptor == of_loop; });
  thread_asleep thread(
      [&](int fd) {
        char byte = 0;
        wait_for_events(fd, 4, ::dup(of_loop));
        while (::read(fd, &byte, 1) != 1) {
        }
        wait_for_events(fd, 4, of_loop);
        while (::read(fd, &byte, 1) != 1) {
        }
        const int same_number = ::dup(fd);  // so that the next queue has another one
        wait_for_events(fd, 0);
        ::close(same_number);
      },
      events);
  thread.sample_in(thread_state::asleep);
  EXPECT_FALSE(events.is_known());
  thread.wake();
  thread.sample_in(thread_state::waiting);
  EXPECT_TRUE(events.is_known());
  thread.wake();
  EXPECT_EQ(thread.sample_in(thread_state::asleep).call->number, SYS_epoll_wait);
}

TEST(thread_sampler, returns_nothing_for_a_thread_that_has_ended) {
  std::optional<thread_sampler> sampler;
  std::thread([&] { sampler.emplace(sampler_of_this_thread()); }).join();
  // join() returns some steps before the kernel forgets the thread.
  wait_until("the thread is gone", [&] { return !sampler->sample(); });
}

TEST(a_capture_signal, is_not_sent_to_a_thread_that_a_debugger_traces) {
  ASSERT_TRUE(prepare_thread());
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
  const int signal = resolve_capture_signal(default_capture_signal);
  const auto obstacle = obstacle_to_signal(tid, signal);
  EXPECT_EQ(::write(done[1], "x", 1), 1);
  ::waitpid(child, nullptr, 0);
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
  if (attached != 'y') GTEST_SKIP() << "this system lets no child trace its parent";
  EXPECT_NE(obstacle.find("traced"), std::string::npos) << obstacle;
  EXPECT_EQ(obstacle_to_signal(tid, signal), "");
}

TEST(scheduler_clock, agrees_with_the_steady_clock_on_any_cpu) {
  // The offset may be 100 ms old, and a hypervisor may have taken part of that time.
  constexpr milliseconds max_error{20};
  scheduler_clock clock;
  system::proc_file sched("/proc/thread-self/sched");
  if (!system::parse_exec_start(sched.read())) GTEST_SKIP() << "this kernel has no sched files";
  for (int attempt = 0; attempt < 100; ++attempt) {
    clock.measure_this_cpu();
    const int cpu = ::sched_getcpu();
    const auto before = steady::now();
    timespec unused{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &unused);
    const auto exec_start = system::parse_exec_start(sched.read());
    const auto after = steady::now();
    if (::sched_getcpu() != cpu || !exec_start) continue;  // moved meanwhile
    const auto now = clock.to_steady(*exec_start, cpu, true);
    ASSERT_TRUE(now);
    EXPECT_GE(*now, before - max_error);
    EXPECT_LE(*now, after + max_error);
    return;
  }
  FAIL() << "the thread was moved to another CPU in every attempt";
}

TEST(scheduler_clock, forgets_an_offset_that_a_hypervisor_may_have_changed) {
  system::proc_file sched("/proc/thread-self/sched");
  if (!system::parse_exec_start(sched.read())) GTEST_SKIP() << "this kernel has no sched files";
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  const int cpu = ::sched_getcpu();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(cpu), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  scheduler_clock clock;
  wait_until("the offset is measured without an interruption", [&] {
    clock.measure_this_cpu();
    return clock.to_steady({}, cpu, false).has_value();
  });
  std::this_thread::sleep_for(milliseconds{150});
  EXPECT_FALSE(clock.to_steady({}, cpu, false));
  wait_until("the offset is measured again", [&] { return clock.to_steady({}, cpu, true).has_value(); });
  ASSERT_EQ(::sched_setaffinity(0, sizeof allowed, &allowed), 0);
}

}  // namespace
}  // namespace loopscope::monitor::testing
