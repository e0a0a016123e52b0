// SPDX-License-Identifier: MIT

#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/monitor/detect/watched_thread.hpp"
#include "server/monitor/stall_record.hpp"
#include "sleep_state.hpp"
#include "stack_sampler.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// A question about one thread.
struct explain_request {
  watched_thread thread = {};
  /// The call in which it was seen asleep. It is not asked about another one.
  std::optional<system::syscall_line> asleep_in = {};
  /// Its stack at that time. Without one, the explainer makes a copy when it comes to it.
  std::shared_ptr<const stack_copy> copy = {};
  /// A thread of another process that does not sleep then is stopped for its stack, for some ten microseconds. It has
  /// no effect with asleep_in or copy.
  bool interrupt = false;
  /// The stack of a running thread, which only has to be named.
  std::optional<raw_stack> captured = {};
  /// Files below it are shown relative to it.
  std::string source_root = {};
  /// Where the call returns to in which the thread's loop waits for events; 0 when unknown. The function there is
  /// marked as the loop's.
  std::uintptr_t loop_address = 0;
};

/// Why a thread does not go on, as far as it is known.
struct explanation {
  std::vector<stack_frame> stack;  ///< innermost first
  std::string no_stack_reason;     ///< why the stack is empty
  bool moved = false;              ///< without a copy: the thread did not sleep any more in that call
  /// The thread sleeps on a condition variable in the loop itself, as those do that wait for another thread of the same
  /// loop to hand them work: it is not blocked.
  bool in_loop_wait = false;
  /// The call of a sleeping thread, with the peer of its socket or pipe.
  std::optional<blocked_call> call;
  /// The call that a running thread of another process was in.
  std::optional<blocked_call> call_on_cpu;
  /// What it waited for in a futex, and the lock's holder at the same instant.
  std::optional<lock_kind> lock;
  std::optional<lock_holder> holder;
  /// The coroutines that await the blocked one, innermost first. Their line is where the function begins.
  std::vector<stack_frame> awaited_by;
};

class explainer_queue;

/// One question and, later, its answer.
///
/// Threads: done() on any; take() on one.
class explanation_job {
 public:
  explanation_job() = default;
  explanation_job(const explanation_job&) = delete;
  explanation_job& operator=(const explanation_job&) = delete;

  bool done() const noexcept { return done_.load(std::memory_order_acquire); }
  const explain_request& request() const noexcept { return request_; }
  /// Sets the answer and calls when_done, whose exceptions are dropped. By the explainer, once.
  void answer(explanation&& result);
  /// To be called once, when done().
  explanation take() { return std::move(result_); }

 private:
  friend class explainer;
  friend class explainer_queue;

  explain_request request_;
  std::function<void()> when_done_;
  explanation result_;
  std::atomic<bool> done_{false};
  // Of the queue.
  std::shared_ptr<explanation_job> self_;
  explanation_job* older_ = nullptr;
};

/// The one thread of the process that unwinds stacks and finds names, owners and peers, which may take seconds.
///
/// submit() never waits: it takes no lock and allocates one job. At most 64 jobs are queued; one more is answered with
/// that reason. when_done is called on the explainer's thread, or in submit() if the job was refused. It must not own
/// the explainer. Threads: any. Lifetime: owned jointly by those who ask. The destructor waits for the frame that is
/// being named; jobs that are still queued are never done. In the child of a fork there is no such thread until
/// restart_in_child().
class explainer {
 public:
  static std::shared_ptr<explainer> shared();
  /// The last one that was made; nullptr when it is gone. For fork handlers, which have no argument.
  static explainer* running() noexcept;

  explainer();
  explainer(const explainer&) = delete;
  explainer& operator=(const explainer&) = delete;
  ~explainer();

  /// Starts its thread in the child of a fork. Jobs of the parent are forgotten.
  void restart_in_child();

  std::shared_ptr<explanation_job> submit(explain_request request, std::function<void()> when_done);

 private:
  /// Returns an error number of pthread_create(3), or 0.
  int start();
  bool is_forked_copy() const noexcept;

  std::shared_ptr<explainer_queue> queue_;
  pid_t process_ = 0;
  pthread_t thread_{};
};

}  // namespace loopscope::monitor
