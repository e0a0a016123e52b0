#include "watchdog.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "loop_core.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::chrono::seconds idle_wait{3600};

// A short slice makes the scheduler run a thread soon after it wakes up, without any privilege (Linux 6.12
// and later; elsewhere the call changes nothing or fails, and the watchdog is just less punctual on a loaded
// machine).
void ask_for_short_slices() {
  struct attributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns;
    std::uint64_t deadline_ns;
    std::uint64_t period_ns;
  } wanted{};
  if (::syscall(SYS_sched_getattr, 0, &wanted, sizeof wanted, 0) != 0 || wanted.policy != SCHED_OTHER) return;
  wanted.runtime_ns = 100'000;
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace

std::shared_ptr<watchdog> watchdog::shared() {
  static std::mutex mutex;
  static std::weak_ptr<watchdog> present;
  const std::lock_guard lock(mutex);
  auto out = present.lock();
  if (!out) {
    out = std::make_shared<watchdog>();
    present = out;
  }
  return out;
}

watchdog::watchdog() {
  // The thread inherits the mask: an application's signals are not for it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

watchdog::~watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->post();
  thread_.join();
}

void watchdog::add(std::shared_ptr<loop_core> loop) {
  {
    const std::lock_guard lock(mutex_);
    loops_.push_back({std::move(loop), std::chrono::steady_clock::now()});
  }
  wake_->post();
}

void watchdog::remove(const loop_core& loop) {
  const std::lock_guard lock(mutex_);
  std::erase_if(loops_, [&](const entry& e) { return e.loop.get() == &loop; });
}

void watchdog::run() {
  ::pthread_setname_np(::pthread_self(), "loop-watchdog");
  ask_for_short_slices();
  host_view host;
  scheduler_clock clock;
  auto due = std::chrono::steady_clock::now();
  for (;;) {
    const bool woken = wake_->blocking_wait_until(due);
    const auto now = std::chrono::steady_clock::now();
    const auto totals = host.woke_up(std::min(due, now), now);

    clock.learn_here();

    std::vector<entry> present;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      present = loops_;
    }
    due = now + idle_wait;
    for (const auto& e : present) {
      auto next = e.due;
      if (woken || next <= now) {
        next = e.loop->look(totals, clock);
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find(loops_, e.loop, &entry::loop);
        if (found != loops_.end()) found->due = next;
      }
      due = std::min(due, next);
    }
    host.falls_asleep(std::chrono::steady_clock::now());
  }
}

}  // namespace loopscope::monitor
