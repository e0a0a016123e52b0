// SPDX-License-Identifier: MIT

#include "watchdog.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include "reporter.hpp"
#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/scheduler_clock.hpp"
#include "server/monitor/explain/explainer.hpp"
#include "watched_loop.hpp"
#include "writers/system/shared_instance.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::chrono::seconds idle_wait{3600};

// The running watchdog. Only fork handlers use it: they can have no argument.
std::atomic<watchdog*> running_watchdog{nullptr};

}  // namespace

/// What pthread_atfork(3) calls. A child has none of its parent's threads but the one that forked.
struct fork_handlers {
  static void prepare() {
    if (auto* const dog = running_watchdog.load()) {
      dog->pass_mutex_.lock();
      dog->mutex_.lock();
    }
    if (auto* const other = reporter::running()) other->lock_for_fork();
  }
  static void in_parent() {
    if (auto* const other = reporter::running()) other->unlock_after_fork();
    if (auto* const dog = running_watchdog.load()) {
      dog->mutex_.unlock();
      dog->pass_mutex_.unlock();
    }
  }
  static void in_child() {
    in_parent();
    if (auto* const other = reporter::running()) other->restart_in_child();
    if (auto* const other = explainer::running()) other->restart_in_child();
    auto* const dog = running_watchdog.load();
    if (!dog) return;
    for (const auto& each : dog->loops_) each.loop->on_fork_in_child();
    // The old object stands for a thread of the parent. It can neither be joined nor assigned to.
    new (&dog->thread_) std::thread;
    dog->start();
  }
};

std::shared_ptr<watchdog> watchdog::shared() {
  static const int registered =
      ::pthread_atfork(&fork_handlers::prepare, &fork_handlers::in_parent, &fork_handlers::in_child);
  static_cast<void>(registered);
  return system::shared_instance<watchdog>();
}

watchdog::watchdog() {
  start();
  running_watchdog.store(this);
}

watchdog::~watchdog() {
  running_watchdog.store(nullptr);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->post();
  thread_.join();
}

void watchdog::start() {
  thread_ = system::start_thread_without_signals([this] { run(); });
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
  system::request_short_time_slice();  // otherwise the watchdog is less punctual on a busy machine
  host_pressure_meter host;
  scheduler_clock clock;
  auto due = std::chrono::steady_clock::now();
  for (;;) {
    const bool woken = wake_->blocking_wait_until(due);
    const std::lock_guard pass(pass_mutex_);
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
