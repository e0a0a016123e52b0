// SPDX-License-Identifier: MIT

#include "explainer.hpp"

#include <semaphore.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <span>
#include <system_error>

#include "awaiting_coroutines.hpp"
#include "blame.hpp"
#include "blocked_call.hpp"
#include "lock_wait.hpp"
#include "sleep_state.hpp"
#include "symbolizer.hpp"
#include "thread_stop.hpp"
#include "unwinder.hpp"
#include "writers/system/shared_instance.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_waiting_jobs = 64;
constexpr std::size_t max_open_processes = 8;
// Of a deeper stack, so many innermost and outermost frames are named. A recursion has its place beyond it.
constexpr std::size_t named_frames = 64;
// After this time without a question, what was read of debug information is freed.
constexpr std::chrono::seconds time_to_rest{5};

std::atomic<explainer*> running_explainer{nullptr};

}  // namespace

void explanation_job::answer(explanation&& result) {
  result_ = std::move(result);
  done_.store(true, std::memory_order_release);
  // It may throw, and what it holds should go at once.
  const auto when_done = std::exchange(when_done_, nullptr);
  try {
    if (when_done) when_done();
  } catch (...) {
    return;
  }
}

/// The jobs on their way to the explainer's thread: a stack of which that thread takes everything at once.
class explainer_queue {
 public:
  explainer_queue() { ::sem_init(&posted_, 0, 0); }
  ~explainer_queue() {
    for (auto* job = newest_.load(); job != nullptr;) {
      const auto last_reference = std::move(job->self_);
      job = job->older_;
    }
    ::sem_destroy(&posted_);
  }
  explainer_queue(const explainer_queue&) = delete;
  explainer_queue& operator=(const explainer_queue&) = delete;

  /// Returns false when it is full.
  bool push(const std::shared_ptr<explanation_job>& job) {
    if (waiting_.fetch_add(1) >= max_waiting_jobs) {
      waiting_.fetch_sub(1);
      return false;
    }
    job->self_ = job;
    job->older_ = newest_.load();
    while (!newest_.compare_exchange_weak(job->older_, job.get())) continue;
    ::sem_post(&posted_);
    return true;
  }

  void stop() {
    stopping_.store(true);
    ::sem_post(&posted_);
  }
  bool is_stopping() const noexcept { return stopping_.load(); }

  /// Calls f with one job after the other, oldest first, until stop(). Calls rest when there has been none for a while,
  /// and again as long as it returns true.
  template <class Function, class Rest>
  void blocking_run(Function f, Rest rest) {
    bool rested = false;
    while (!is_stopping()) {
      if (!rested && !blocking_wait(time_to_rest)) {
        rested = !rest();
        continue;
      }
      if (rested) blocking_wait(std::chrono::hours{1});
      rested = rested && newest_.load() == nullptr;
      explanation_job* oldest = nullptr;
      for (auto* job = newest_.exchange(nullptr); job != nullptr;) {
        auto* const older = std::exchange(job->older_, oldest);
        oldest = std::exchange(job, older);
      }
      while (oldest != nullptr) {
        const auto job = std::move(oldest->self_);
        oldest = oldest->older_;
        waiting_.fetch_sub(1);
        if (!is_stopping()) f(*job);
      }
    }
  }

 private:
  /// Returns false after that time.
  bool blocking_wait(std::chrono::seconds time) {
    const auto until = std::chrono::steady_clock::now().time_since_epoch() + time;
    const timespec deadline{std::chrono::duration_cast<std::chrono::seconds>(until).count(),
                            (until % std::chrono::seconds{1}).count()};
    while (::sem_clockwait(&posted_, CLOCK_MONOTONIC, &deadline) != 0) {
      if (errno == ETIMEDOUT) return false;
    }
    return true;
  }

  std::atomic<explanation_job*> newest_{nullptr};
  std::atomic<std::size_t> waiting_{0};
  std::atomic<bool> stopping_{false};
  sem_t posted_;
};

namespace {

std::string blocking_thread_name(const watched_thread& thread) {
  auto name = system::proc_file(thread.folder() + "/comm").read();
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

/// The function in which a loop waits.
class loop_function {
 public:
  loop_function() = default;
  /// After a stack of the same process was unwound.
  loop_function(unwinder& files, std::uintptr_t return_address)
      : files_(&files),
        start_(return_address == 0 ? std::nullopt : files.blocking_function_start(return_address - 1)) {}

  bool blocking_has(std::uintptr_t address) const {
    return start_ && files_->blocking_function_start(address) == start_;
  }

 private:
  unwinder* files_ = nullptr;
  std::optional<std::uintptr_t> start_;
};

/// What only the explainer's thread has: open files of the processes that were asked about.
class investigator {
 public:
  explicit investigator(const explainer_queue& queue) : queue_(queue) {
    files_of(::getpid()).files.blocking_prepare();
    symbolizer{{}}.blocking_warm_up();
  }

  /// Frees what was read and closes files, as it was in the beginning. What is known of other processes stays until
  /// they end: returns true if there are any.
  bool blocking_rest() {
    symbolizer{{}}.release_unused(time_to_rest);
    std::erase_if(files_, [](const auto& known) {
      return known.first == ::getpid() || process_files::start_of(known.first) != known.second.start;
    });
    const bool has_others = !files_.empty();
    files_of(::getpid()).files.blocking_prepare();
    return has_others;
  }

  explanation blocking_explain(const explain_request& request) {
    explanation out;
    auto& known = files_of(request.thread.pid);
    const symbolizer names(known.names, request.source_root);
    if (request.captured) {
      if (request.captured->exception_in_flight) out.no_stack_reason = "an exception was in flight";
      known.files.blocking_prepare();
      const auto awaiting =
          blocking_find_awaiting_coroutines(process_memory(request.thread.pid), known.files, *request.captured);
      out.stack = blocking_names(names, *request.captured);
      if (out.stack.empty() && out.no_stack_reason.empty()) out.no_stack_reason = names.blocking_obstacle();
      out.awaited_by = blocking_function_names(names, awaiting);
      return out;
    }
    const auto copy = blocking_copy(request, out);
    if (!copy) return out;
    auto& files = known.files;
    const auto found = files.blocking_unwind(*copy);
    out.no_stack_reason = found.no_stack_reason;
    const bool was_stopped = copy->registers.has_value();

    // Everything is read before something is named, so that it is from one instant.
    const auto& asleep = copy->state;
    const auto functions = files.blocking_library_functions(found.stack);
    const auto lock = blocking_find_lock(request.thread, asleep.call, functions);
    const auto awaiting = blocking_find_awaiting_coroutines(process_memory(request.thread.pid), files, found.stack);
    seen_holder holder;
    if (lock && lock->owner != 0) holder = blocking_look_at({request.thread.pid, lock->owner}, files);
    const bool has_same_lock = blocking_find_lock(request.thread, asleep.call, functions) == lock;
    const bool still_asleep = !was_stopped && read_sleep_state(request.thread) == asleep;
    if (!was_stopped) out.call = blocking_call_of(request.thread, asleep);
    if (copy->call_at_stop) out.call_on_cpu = blocking_describe_call(request.thread, *copy->call_at_stop);

    out.stack = blocking_names(names, found.stack, loop_function(files, request.loop_address));
    out.awaited_by = blocking_function_names(names, awaiting);
    if (lock && lock->kind == lock_kind::condition_variable) out.in_loop_wait = is_inside_loop_only(out.stack);
    if (!lock || !still_asleep) return out;
    out.lock = lock->kind;
    if (lock->owner == 0 || !has_same_lock) return out;
    out.holder = blocking_describe(holder, names);
    return out;
  }

 private:
  /// What is open of one process.
  struct process_files {
    explicit process_files(pid_t process) : start(start_of(process)), files(process), names({}, process) {}

    static std::uint64_t start_of(pid_t process) {
      constexpr int field = 22;
      const auto stat = system::proc_file("/proc/" + std::to_string(process) + "/stat").read();
      return system::parse_stat_field<std::uint64_t>(stat, field).value_or(0);
    }

    std::uint64_t start;  ///< tells a process from a later one with its number
    unwinder files;
    symbolizer names;
  };

  process_files& files_of(pid_t process) {
    const auto known = files_.find(process);
    if (known != files_.end()) {
      if (process == ::getpid() || process_files::start_of(process) == known->second.start) return known->second;
      files_.erase(known);
    }
    if (files_.size() >= max_open_processes) files_.clear();
    return files_.try_emplace(process, process).first->second;
  }

  /// Returns nullptr when there is none, and why.
  std::shared_ptr<const stack_copy> blocking_copy(const explain_request& request, explanation& out) const {
    if (request.copy) return request.copy;
    const bool is_other = request.thread.pid != ::getpid();
    if (is_other) out.no_stack_reason = obstacle_to_look_into(request.thread);
    if (!out.no_stack_reason.empty()) return nullptr;
    if (auto copy = copy_sleeping_stack(request.thread, request.asleep_in)) return copy;
    if (is_other && request.interrupt && !request.asleep_in) {
      auto stopped = blocking_stop_and_copy(request.thread, [&] { return queue_.is_stopping(); });
      out.no_stack_reason = std::move(stopped.obstacle);
      return stopped.copy;
    }
    out.moved = true;
    out.no_stack_reason = "the thread went on before its stack was read";
    return nullptr;
  }

  struct seen_holder {
    watched_thread thread;
    std::shared_ptr<const stack_copy> copy;  // nullptr: it runs
    raw_stack stack;
  };

  static seen_holder blocking_look_at(const watched_thread& thread, unwinder& files) {
    seen_holder out{thread, copy_sleeping_stack(thread), {}};
    if (out.copy) out.stack = files.blocking_unwind(*out.copy).stack;
    return out;
  }

  lock_holder blocking_describe(const seen_holder& holder, const symbolizer& names) const {
    lock_holder out;
    out.tid = holder.thread.tid;
    out.thread_name = blocking_thread_name(holder.thread);
    out.running = !holder.copy;
    if (holder.copy) out.call = blocking_call_of(holder.thread, holder.copy->state);
    out.stack = blocking_names(names, holder.stack);
    out.culprit = find_blamed_frame(out.stack);
    return out;
  }

  /// Returns nullopt when the thread has gone on, so that a descriptor may be another file by now.
  static std::optional<blocked_call> blocking_call_of(const watched_thread& thread, const sleep_state& asleep) {
    auto out = blocking_describe_call(thread, asleep.call);
    if (read_sleep_state(thread) != asleep) out.reset();
    return out;
  }

  /// The names of a deep stack are those of its ends.
  static raw_stack shortened(const raw_stack& stack) {
    raw_stack out;
    const auto depth = stack.addresses.size();
    for (std::size_t i = 0; i < depth; ++i) {
      if (depth > 2 * named_frames && i == named_frames) i = depth - named_frames;
      if (stack.addresses[i] == nullptr) continue;  // the bottom of a stack
      out.addresses.push_back(stack.addresses[i]);
    }
    return out;
  }

  /// Ends early when the explainer does.
  std::vector<stack_frame> blocking_names(const symbolizer& names, const raw_stack& stack,
                                          const loop_function& loop = {}) const {
    const auto chosen = shortened(stack);
    auto named = names.blocking_frames_by_address(chosen, [&] { return queue_.is_stopping(); });
    std::vector<stack_frame> out;
    for (std::size_t i = 0; i < named.size(); ++i) {
      // What is inlined into the loop's function is no part of the loop.
      if (loop.blocking_has(reinterpret_cast<std::uintptr_t>(chosen.addresses[i]) - 1)) named[i].back().is_loop = true;
      for (auto& frame : named[i]) out.push_back(std::move(frame));
    }
    return out;
  }

  /// Without the coroutines of Asio itself.
  std::vector<stack_frame> blocking_function_names(const symbolizer& names,
                                                   std::span<const std::uintptr_t> functions) const {
    std::vector<stack_frame> out;
    for (const auto function : functions) {
      raw_stack one;
      one.addresses = {reinterpret_cast<const void*>(function)};
      auto named = blocking_names(names, one);
      if (!named.empty() && !is_library_frame(named.back())) out.push_back(std::move(named.back()));
    }
    return out;
  }

  const explainer_queue& queue_;
  std::map<pid_t, process_files> files_;
};

// The program may end by exit(3) while this thread works: static objects are destroyed then, and this thread is not
// waited for. So it uses none that has a destructor: what it needs is on its stack or owned by the queue, of which it
// has a reference. The library's caches are never destroyed.
void* run_explainer(void* argument) {
  ::pthread_setname_np(::pthread_self(), "loop-explainer");
  system::request_short_time_slice();
  const auto queue = std::move(
      *std::unique_ptr<std::shared_ptr<explainer_queue>>(static_cast<std::shared_ptr<explainer_queue>*>(argument)));
  investigator detective(*queue);
  queue->blocking_run(
      [&](explanation_job& job) {
        explanation result;
        try {
          result = detective.blocking_explain(job.request());
        } catch (const std::exception& e) {
          result.no_stack_reason = e.what();
        }
        job.answer(std::move(result));
      },
      [&] { return detective.blocking_rest(); });
  return nullptr;
}

}  // namespace

explainer* explainer::running() noexcept {
  return running_explainer.load();
}

std::shared_ptr<explainer> explainer::shared() {
  return system::shared_instance<explainer>();
}

explainer::explainer() {
  if (const int error = start(); error != 0)
    throw std::system_error(error, std::generic_category(), "the explainer's thread");
  running_explainer.store(this);
}

int explainer::start() {
  const system::blocked_signals guard;
  // The parent's thread had a reference to an old queue, which therefore stays in the child.
  queue_ = std::make_shared<explainer_queue>();
  auto owned = std::make_unique<std::shared_ptr<explainer_queue>>(queue_);
  const int error = ::pthread_create(&thread_, nullptr, &run_explainer, owned.get());
  if (error != 0) return error;
  static_cast<void>(owned.release());
  process_ = ::getpid();
  return 0;
}

void explainer::restart_in_child() {
  start();  // if it fails, this stays a copy, which says so
}

explainer::~explainer() {
  explainer* self = this;
  running_explainer.compare_exchange_strong(self, nullptr);
  if (is_forked_copy()) return;
  queue_->stop();
  ::pthread_join(thread_, nullptr);
}

std::shared_ptr<explanation_job> explainer::submit(explain_request request, std::function<void()> when_done) {
  auto job = std::make_shared<explanation_job>();
  job->request_ = std::move(request);
  job->when_done_ = std::move(when_done);
  explanation refused;
  if (is_forked_copy()) {
    refused.no_stack_reason = "the process was forked, and its explainer is in the parent";
  } else if (!queue_->push(job)) {
    refused.no_stack_reason = std::to_string(max_waiting_jobs) + " stacks are waiting to be explained";
  } else {
    return job;
  }
  job->answer(std::move(refused));
  return job;
}

bool explainer::is_forked_copy() const noexcept {
  return process_ != ::getpid();
}

}  // namespace loopscope::monitor
