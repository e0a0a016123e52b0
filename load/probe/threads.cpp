// SPDX-License-Identifier: MIT

#include "threads.hpp"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "text.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::probe {

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
  sched_param lowest{};
  lowest.sched_priority = 1;
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0) return thread_scheduling::fifo;
  return system::request_short_time_slice() ? thread_scheduling::short_slice : thread_scheduling::ordinary;
}

sender_thread::sender_thread(asio::io_context& loop, std::function<void()> when_done) {
  thread_ = system::start_thread_without_signals([this, &loop, when_done = std::move(when_done)] {
    try {
      scheduling_ = make_punctual();
      loop.run();
    } catch (...) {
      failure_ = std::current_exception();
    }
    when_done();
  });
}

sender_thread::~sender_thread() {
  if (thread_.joinable()) thread_.join();
}

thread_scheduling sender_thread::join() {
  thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return scheduling_;
}

std::string progress_text(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds duration,
                          const live_counts& live) {
  const auto seconds = [](std::chrono::nanoseconds time, int decimals) {
    return with_decimals(std::max(0.0, std::chrono::duration<double>(time).count()), decimals);
  };
  // The parts are read before the total, so that counts added meanwhile cannot make a part larger than the total.
  const auto unexpected = live.unexpected.load(std::memory_order_relaxed);
  const auto completed = live.completed.load(std::memory_order_relaxed);
  const auto failed = live.failed.load(std::memory_order_relaxed);
  const auto taken = std::max(live.taken.load(std::memory_order_relaxed), completed + failed);
  return seconds(elapsed, 1) + " of " + seconds(duration, 1) + " s  " + with_commas(taken) + " due  " +
         with_commas(completed) + " completed" +
         (unexpected > 0 ? " (" + with_commas(unexpected) + " unexpected)  " : "  ") +
         with_commas(taken - completed - failed) + " waiting  " + with_commas(failed) + " failed";
}

foreground::foreground(std::chrono::nanoseconds duration, bool quiet, const live_counts& live)
    : duration_(duration),
      quiet_(quiet),
      live_(live),
      terminal_(::isatty(STDERR_FILENO) == 1),
      tick_(loop_),
      signals_(loop_, SIGINT, SIGTERM) {}

int foreground::run(std::function<void()> interrupt) {
  interrupt_ = std::move(interrupt);
  await_signal();
  if (!quiet_) show_progress();
  loop_.run();
  signals_.clear();
  if (!quiet_ && terminal_) std::fputs("\r\033[K", stderr);
  return signal_;
}

void foreground::await_signal() {
  signals_.async_wait([this](error_code error, int number) {
    if (error) return;
    if (signal_ == 0) {
      signal_ = number;
      await_signal();
    } else {
      signals_.clear();
    }
    interrupt_();
  });
}

void foreground::show_progress() {
  tick_.expires_after(terminal_ ? std::chrono::milliseconds{200} : std::chrono::seconds{1});
  tick_.async_wait([this](error_code error) {
    if (error) return;
    const auto start = start_.load();
    if (start != clock::time_point{}) {
      std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n",
                   progress_text(clock::now() - start, duration_, live_).c_str());
    }
    show_progress();
  });
}

}  // namespace loopscope::probe
