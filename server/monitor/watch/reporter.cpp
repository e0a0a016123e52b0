// SPDX-License-Identifier: MIT

#include "reporter.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include "watched_loop.hpp"
#include "writers/system/shared_instance.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::monitor {
namespace {

std::atomic<reporter*> running_reporter{nullptr};

}  // namespace

reporter* reporter::running() noexcept {
  return running_reporter.load();
}

std::shared_ptr<reporter> reporter::shared() {
  return system::shared_instance<reporter>();
}

reporter::reporter() {
  start();
  running_reporter.store(this);
}

void reporter::start() {
  thread_ = system::start_thread_without_signals([this] { run(); });
}

void reporter::restart_in_child() {
  waiting_.clear();
  current_ = nullptr;
  // Both old objects refer to a thread of the parent, so that their destructors would wait for it.
  new (&changed_) std::condition_variable;
  new (&thread_) std::thread;
  start();
}

reporter::~reporter() {
  running_reporter.store(nullptr);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void reporter::add(std::shared_ptr<const watched_loop> loop, stall_record record, report_kind kind) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_waiting) waiting_.pop_front();
    waiting_.push_back({std::move(loop), std::move(record), kind});
  }
  changed_.notify_all();
}

void reporter::blocking_deliver(const watched_loop& loop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return current_ != &loop &&
           std::ranges::none_of(waiting_, [&](const report& each) { return each.loop.get() == &loop; });
  });
}

void reporter::forget(const watched_loop& loop) {
  std::unique_lock lock(mutex_);
  std::erase_if(waiting_, [&](const report& each) { return each.loop.get() == &loop; });
  changed_.wait(lock, [&] { return current_ != &loop; });
}

void reporter::run() {
  ::pthread_setname_np(::pthread_self(), "loop-reporter");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    current_ = next.loop.get();
    lock.unlock();
    next.loop->notify(std::move(next.record), next.kind);
    // Its reference may be the last one, and the loop's end waits for this thread.
    lock.lock();
    current_ = nullptr;
    changed_.notify_all();
    lock.unlock();
    next.loop.reset();
    lock.lock();
  }
}

}  // namespace loopscope::monitor
