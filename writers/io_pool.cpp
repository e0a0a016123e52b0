// SPDX-License-Identifier: MIT

#include "io_pool.hpp"

#include <pthread.h>

#include "file/write_workers.hpp"
#include "system/thread.hpp"

namespace loopscope::writers {

io_pool::io_pool(std::size_t threads) : io_pool(threads, system::allowed_cpus()) {}

io_pool::io_pool(std::size_t threads, std::size_t cpus, time_slice slice)
    : writing_(std::make_unique<write_workers>(pool_, threads, cpus)) {
  // Not by asio::thread_pool's own constructor, which waits for ever for those that it has started when one fails.
  threads_.reserve(threads);
  try {
    while (threads_.size() < threads)
      threads_.emplace_back([this, slice] {
        ::pthread_setname_np(::pthread_self(), "io-pool");
        if (slice == time_slice::shortest) system::request_short_time_slice();
        pool_.attach();
      });
  } catch (...) {
    join();
    throw;
  }
}

io_pool::~io_pool() {
  join();
}

void io_pool::join() {
  if (threads_.empty()) return;
  pool_.wait();
  for (std::thread& each : threads_) each.join();
  threads_.clear();
}

void io_pool::task_posted() noexcept {
  writing_->task_posted();
}

void io_pool::task_started() noexcept {
  writing_->task_started();
}

void io_pool::task_ended() noexcept {
  writing_->task_ended();
}

}  // namespace loopscope::writers
