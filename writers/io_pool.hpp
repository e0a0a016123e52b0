// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "file/write_workers.hpp"
#include "system/thread.hpp"

namespace loopscope::writers {

/// The threads on which everything that may block is called.
///
/// Threads: any. Lifetime: outlives all work given to it. join() it before the io_contexts that it completes on are
/// destroyed: a thread that has just posted to one may still be signalling it.
class io_pool {
 public:
  /// `cpus`: how many CPUs this process may use at once, which bounds the threads that spin.
  /// Throws system_error when a thread cannot be started.
  explicit io_pool(std::size_t threads, std::size_t cpus = system::allowed_cpus()) : writing_(pool_, threads, cpus) {
    // Not by asio::thread_pool's own constructor, which waits for ever for those that it has started when one fails.
    threads_.reserve(threads);
    try {
      while (threads_.size() < threads) threads_.emplace_back([this] { pool_.attach(); });
    } catch (...) {
      join();
      throw;
    }
  }
  ~io_pool() { join(); }

  /// Carries out what was given and ends the threads.
  void join() {
    if (threads_.empty()) return;
    pool_.wait();
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }

  boost::asio::thread_pool::executor_type executor() noexcept { return pool_.get_executor(); }
  write_workers& workers() noexcept { return writing_; }

  /// Calls `work` on a pool thread and completes on the caller's executor with what it returned: `void(Result)`.
  ///
  /// `work` must not throw. Cancellation: none; the work is always carried out.
  template <class Work, class CompletionToken>
  auto async_run(Work work, CompletionToken&& token) {
    namespace asio = boost::asio;
    using result = std::invoke_result_t<Work&>;
    auto initiate = [](auto handler, io_pool* pool, Work given) {
      auto caller = asio::make_work_guard(handler);
      pool->writing_.task_posted();
      asio::post(pool->pool_,
                 [pool, handler = std::move(handler), caller = std::move(caller), given = std::move(given)]() mutable {
                   pool->writing_.task_started();
                   result answer = given();
                   pool->writing_.task_ended();
                   const auto executor = caller.get_executor();
                   asio::post(executor, [handler = std::move(handler), answer = std::move(answer)]() mutable {
                     std::move(handler)(std::move(answer));
                   });
                 });
    };
    return asio::async_initiate<CompletionToken, void(result)>(std::move(initiate), token, this, std::move(work));
  }

 private:
  boost::asio::thread_pool pool_{0};
  write_workers writing_;
  std::vector<std::thread> threads_;
};

}  // namespace loopscope::writers
