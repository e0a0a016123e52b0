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

  /// Calls f with one job after the other, oldest first, until stop(). Calls rest when there has been none for a while.
  template <class Function, class Rest>
  void blocking_run(Function f, Rest rest) {
    bool rested = false;
    while (!is_stopping()) {
      if (!rested && !blocking_wait(time_to_rest)) {
        rest();
        rested = true;
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

/// What only the explainer's thread has: open files of the processes that were asked about.
class investigator {
 public:
  explicit investigator(const explainer_queue& queue) : queue_(queue) {
    files_of(::getpid()).blocking_prepare();
    symbolizer{{}}.blocking_warm_up();
  }

  /// Frees what was read and closes files, as it was in the beginning.
  void blocking_rest() {
    symbolizer{{}}.release_unused(time_to_rest);
    files_.clear();
    files_of(::getpid()).blocking_prepare();
  }

  explanation blocking_explain(const explain_request& request) {
    explanation out;
    const symbolizer names(request.source_root, request.thread.pid == ::getpid() ? 0 : request.thread.pid);
    if (request.captured) {
      if (request.captured->exception_in_flight) out.no_stack_reason = "an exception was in flight";
      auto& files = files_of(request.thread.pid);
      files.blocking_prepare();
      const auto awaiting =
          blocking_find_awaiting_coroutines(process_memory(request.thread.pid), files, *request.captured);
      out.stack = blocking_names(names, *request.captured);
      if (out.stack.empty() && out.no_stack_reason.empty()) out.no_stack_reason = names.blocking_obstacle();
      out.awaited_by = blocking_function_names(names, awaiting);
      return out;
    }
    const auto copy = request.copy ? request.copy : copy_sleeping_stack(request.thread, request.asleep_in);
    if (!copy) {
      out.moved = true;
      out.no_stack_reason = "the thread went on before its stack was read";
      return out;
    }
    auto& files = files_of(request.thread.pid);
    const auto found = files.blocking_unwind(*copy);
    out.no_stack_reason = found.no_stack_reason;

    // Everything is read before something is named, so that it is from one instant.
    const auto& asleep = copy->state;
    const auto functions = files.blocking_library_functions(found.stack);
    const auto lock = blocking_find_lock(request.thread, asleep.call, functions);
    const auto awaiting = blocking_find_awaiting_coroutines(process_memory(request.thread.pid), files, found.stack);
    seen_holder holder;
    if (lock && lock->owner != 0) holder = blocking_look_at({request.thread.pid, lock->owner}, files);
    const bool has_same_lock = blocking_find_lock(request.thread, asleep.call, functions) == lock;
    const bool still_asleep = read_sleep_state(request.thread) == asleep;
    out.call = blocking_call_of(request.thread, asleep);

    out.stack = blocking_names(names, found.stack);
    out.awaited_by = blocking_function_names(names, awaiting);
    if (!lock || !still_asleep) return out;
    out.lock = lock->kind;
    if (lock->owner == 0 || !has_same_lock) return out;
    out.holder = blocking_describe(holder, names);
    return out;
  }

 private:
  unwinder& files_of(pid_t process) {
    if (files_.size() >= max_open_processes && !files_.contains(process)) files_.clear();
    return files_.try_emplace(process, process).first->second;
  }

  struct seen_holder {
    watched_thread thread;
    std::shared_ptr<const sleeping_stack> copy;  // nullptr: it runs
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

  /// Frame by frame, so that the explainer can end soon.
  std::vector<stack_frame> blocking_names(const symbolizer& names, const raw_stack& stack) const {
    std::vector<stack_frame> out;
    raw_stack one;
    one.addresses.resize(1);
    const auto depth = stack.addresses.size();
    for (std::size_t i = 0; i < depth && !queue_.is_stopping(); ++i) {
      if (depth > 2 * named_frames && i == named_frames) i = depth - named_frames;
      if (stack.addresses[i] == nullptr) continue;  // the bottom of a stack
      // A return address belongs to the call instruction before it.
      one.addresses[0] = static_cast<const char*>(stack.addresses[i]) - (i == 0 ? 0 : 1);
      for (auto& frame : names.blocking_frames(one)) out.push_back(std::move(frame));
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
  std::map<pid_t, unwinder> files_;
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
      [&] { detective.blocking_rest(); });
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
