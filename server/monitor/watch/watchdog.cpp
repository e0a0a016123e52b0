#include "watchdog.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/scheduler_clock.hpp"
#include "watched_loop.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::chrono::seconds idle_wait{3600};

// With a short slice the scheduler runs a thread soon after it wakes up, without any privilege (Linux 6.12 and later).
// On other kernels the call changes nothing or fails, and the watchdog is less punctual on a loaded machine.
void request_short_slice() {
  struct attributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns;
    std::uint64_t deadline_ns;
    std::uint64_t period_ns;
  } own{};
  if (::syscall(SYS_sched_getattr, 0, &own, sizeof own, 0) != 0 || own.policy != SCHED_OTHER) return;
  own.runtime_ns = 100'000;
  ::syscall(SYS_sched_setattr, 0, &own, 0);
}

}  // namespace

std::shared_ptr<watchdog> watchdog::shared() {
  static std::mutex mutex;
  static std::weak_ptr<watchdog> running;
  const std::lock_guard lock(mutex);
  auto out = running.lock();
  if (!out) {
    out = std::make_shared<watchdog>();
    running = out;
  }
  return out;
}

watchdog::watchdog() {
  // The thread inherits the mask, so that it handles none of the application's signals.
  sigset_t all;
  sigset_t previous;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &previous);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

watchdog::~watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->post();
  thread_.join();
}

void watchdog::add(std::shared_ptr<watched_loop> loop) {
  {
    const std::lock_guard lock(mutex_);
    loops_.push_back({std::move(loop), std::chrono::steady_clock::now()});
  }
  wake_->post();
}

void watchdog::remove(const watched_loop& loop) {
  const std::lock_guard lock(mutex_);
  std::erase_if(loops_, [&](const entry& e) { return e.loop.get() == &loop; });
}

void watchdog::run() {
  ::pthread_setname_np(::pthread_self(), "loop-watchdog");
  request_short_slice();
  host_pressure_meter host;
  scheduler_clock clock;
  auto due = std::chrono::steady_clock::now();
  for (;;) {
    const bool woken = wake_->blocking_wait_until(due);
    const auto now = std::chrono::steady_clock::now();
    const auto pressure = host.on_wake(std::min(due, now), now);
    clock.measure_this_cpu();

    std::vector<entry> loops;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      loops = loops_;
    }
    due = now + idle_wait;
    for (const auto& e : loops) {
      auto next = e.due;
      if (woken || next <= now) {
        next = e.loop->check(pressure, clock);
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(loops_, e.loop, &entry::loop);
        if (found != loops_.end()) found->due = next;
      }
      due = std::min(due, next);
    }
    host.on_sleep(std::chrono::steady_clock::now());
  }
}

}  // namespace loopscope::monitor
