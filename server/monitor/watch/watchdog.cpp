#include "watchdog.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "server/monitor/detect/host_pressure.hpp"
#include "server/monitor/detect/scheduler_clock.hpp"
#include "watched_loop.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::chrono::seconds idle_wait{3600};

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
  thread_ = system::start_thread_without_signals([this] { run(); });
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
  system::request_short_time_slice();  // otherwise the watchdog is less punctual on a busy machine
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
