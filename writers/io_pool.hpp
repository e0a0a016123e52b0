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
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace loopscope::writers {

class write_workers;

/// The threads on which everything that may block is called.
///
/// Threads: any. Lifetime: outlives all work given to it. join() it before the io_contexts that it completes on are
/// destroyed: a thread that has just posted to one may still be signalling it.
class io_pool {
 public:
  /// The time slice that the threads ask for. `shortest`, by system::request_short_time_slice(), is for a pool whose
  /// loops ask for it too: on one core a loop and a worker yield to each other, and the scheduler prefers a shorter
  /// slice.
  enum class time_slice { usual, shortest };

  /// `cpus`: how many CPUs this process may use at once, which bounds the threads that spin; those of its affinity mask
  /// where it is not given. Throws system_error when a thread cannot be started.
  explicit io_pool(std::size_t threads);
  io_pool(std::size_t threads, std::size_t cpus, time_slice slice = time_slice::usual);
  ~io_pool();
  io_pool(const io_pool&) = delete;
  io_pool& operator=(const io_pool&) = delete;

  /// Carries out what was given and ends the threads.
  void join();

  boost::asio::thread_pool::executor_type executor() noexcept { return pool_.get_executor(); }
  write_workers& workers() noexcept { return *writing_; }

  /// Calls `work` on a pool thread and completes on the caller's executor with what it returned: `void(Result)`.
  ///
  /// `work` must not throw. Cancellation: none; the work is always carried out.
  template <class Work, class CompletionToken>
  auto async_run(Work work, CompletionToken&& token) {
    namespace asio = boost::asio;
    using result = std::invoke_result_t<Work&>;
    auto initiate = [](auto handler, io_pool* pool, Work given) {
      auto caller = asio::make_work_guard(handler);
      pool->task_posted();
      asio::post(pool->pool_,
                 [pool, handler = std::move(handler), caller = std::move(caller), given = std::move(given)]() mutable {
                   pool->task_started();
                   result answer = given();
                   pool->task_ended();
                   const auto executor = caller.get_executor();
                   asio::post(executor, [handler = std::move(handler), answer = std::move(answer)]() mutable {
                     std::move(handler)(std::move(answer));
                   });
                 });
    };
    return asio::async_initiate<CompletionToken, void(result)>(std::move(initiate), token, this, std::move(work));
  }

 private:
  void task_posted() noexcept;
  void task_started() noexcept;
  void task_ended() noexcept;

  boost::asio::thread_pool pool_{0};
  std::unique_ptr<write_workers> writing_;
  std::vector<std::thread> threads_;
};

}  // namespace loopscope::writers
