// SPDX-License-Identifier: MIT

#pragma once

// Tells the monitor which operation's handler each thread runs: async_read, async_wait, ... and where it was started.
// For a program whose every translation unit is compiled with
//
//     -DBOOST_ASIO_CUSTOM_HANDLER_TRACKING='<loopscope/monitor/handler_tracking.hpp>'
//
// or, for standalone Asio, with ASIO_CUSTOM_HANDLER_TRACKING in the same way. Where one translation unit is compiled
// without it, the program has two different Asios (ODR); so it is not for programs that share Asio objects with a
// compiled library. Asio includes this file; nobody else has to.
//
// Cost: 40 bytes an operation; some relaxed stores before and after a handler.
// Source: boost/asio/detail/handler_tracking.hpp, unchanged from Asio 1.18 to 1.38.

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace loopscope::monitor::detail {

/// What is known of one operation. Every text is a literal of the program.
struct operation_words {
  const char* object = nullptr;
  const char* name = nullptr;
  const char* function = nullptr;
  const char* file = nullptr;
  std::uint64_t line = 0;
};

/// What one thread runs: written by that thread, read by the watchdog, consistent by a sequence number (a seqlock).
class operation_slot {
 public:
  void publish(const operation_words& now) noexcept {
    const std::uint32_t odd = sequence_.load(std::memory_order_relaxed) + 1;
    sequence_.store(odd, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    object_.store(now.object, std::memory_order_relaxed);
    name_.store(now.name, std::memory_order_relaxed);
    function_.store(now.function, std::memory_order_relaxed);
    file_.store(now.file, std::memory_order_relaxed);
    line_.store(now.line, std::memory_order_relaxed);
    sequence_.store(odd + 1, std::memory_order_release);
  }

  /// False while the thread writes.
  bool read(operation_words& into) const noexcept {
    const std::uint32_t before = sequence_.load(std::memory_order_acquire);
    into.object = object_.load(std::memory_order_relaxed);
    into.name = name_.load(std::memory_order_relaxed);
    into.function = function_.load(std::memory_order_relaxed);
    into.file = file_.load(std::memory_order_relaxed);
    into.line = line_.load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    return before % 2 == 0 && sequence_.load(std::memory_order_relaxed) == before;
  }

  std::atomic<pid_t> tid{0};  ///< 0: free for the next thread

 private:
  std::atomic<std::uint32_t> sequence_{0};
  std::atomic<const char*> object_{nullptr};
  std::atomic<const char*> name_{nullptr};
  std::atomic<const char*> function_{nullptr};
  std::atomic<const char*> file_{nullptr};
  std::atomic<std::uint64_t> line_{0};
};

class handler_location;

/// The tracking of the calling thread.
struct tracking_thread {
  operation_slot* slot = nullptr;
  operation_words running;
  const handler_location* location = nullptr;
};
inline thread_local tracking_thread this_thread_tracking;

/// A slot for the calling thread, which is free again when the thread has ended.
operation_slot& take_operation_slot() noexcept;

/// BOOST_ASIO_HANDLER_LOCATION: the operations that are started in its scope are started here.
///
/// A coroutine may leave one behind when it suspends. So every handler begins without any, and the destructor touches
/// only the list that begins with *this.
class handler_location {
 public:
  handler_location(const char* file, int line, const char* function) noexcept
      : file_(file), line_(line), function_(function), outer_(this_thread_tracking.location) {
    this_thread_tracking.location = this;
  }
  handler_location(const handler_location&) = delete;
  handler_location& operator=(const handler_location&) = delete;
  ~handler_location() {
    if (this_thread_tracking.location == this) this_thread_tracking.location = outer_;
  }

  static void describe(operation_words& started) noexcept {
    const handler_location* place = this_thread_tracking.location;
    if (place == nullptr) return;
    while (place->outer_ != nullptr) place = place->outer_;
    started.function = place->function_;
    started.file = place->file_;
    started.line = static_cast<std::uint64_t>(place->line_);
  }

 private:
  const char* file_;
  int line_;
  const char* function_;
  const handler_location* outer_;
};

/// The part of an Asio operation that belongs to the tracking.
class tracked_handler {
 public:
  template <class Context, class Handle>
  static void creation(Context&, tracked_handler& handler, const char* object, void*, Handle,
                       const char* name) noexcept {
    handler.words_.object = object;
    handler.words_.name = name;
    handler_location::describe(handler.words_);
  }

  const operation_words& words() const noexcept { return words_; }

 protected:
  tracked_handler() = default;
  ~tracked_handler() = default;

 private:
  operation_words words_;
};

/// Publishes the operation while its handler runs. The handler may run a loop itself, so what ran before comes back.
class tracked_completion {
 public:
  explicit tracked_completion(const tracked_handler& handler) noexcept : words_(handler.words()) {}
  tracked_completion(const tracked_completion&) = delete;
  tracked_completion& operator=(const tracked_completion&) = delete;
  ~tracked_completion() { invocation_end(); }

  template <class... Results>
  void invocation_begin(const Results&...) noexcept {
    tracking_thread& self = this_thread_tracking;
    if (self.slot == nullptr) self.slot = &take_operation_slot();
    outer_ = self.running;
    outer_location_ = self.location;
    self.running = words_;
    self.location = nullptr;
    self.slot->publish(words_);
    begun_ = true;
  }

  void invocation_end() noexcept {
    if (!begun_) return;
    begun_ = false;
    tracking_thread& self = this_thread_tracking;
    self.running = outer_;
    self.location = outer_location_;
    self.slot->publish(outer_);
  }

 private:
  operation_words words_;
  operation_words outer_;
  const handler_location* outer_location_ = nullptr;
  bool begun_ = false;
};

}  // namespace loopscope::monitor::detail

#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
#define BOOST_ASIO_INHERIT_TRACKED_HANDLER : public ::loopscope::monitor::detail::tracked_handler
#define BOOST_ASIO_ALSO_INHERIT_TRACKED_HANDLER , public ::loopscope::monitor::detail::tracked_handler
#define BOOST_ASIO_HANDLER_TRACKING_INIT (void)0
#define BOOST_ASIO_HANDLER_LOCATION(args) const ::loopscope::monitor::detail::handler_location tracked_location args
#define BOOST_ASIO_HANDLER_CREATION(args) ::loopscope::monitor::detail::tracked_handler::creation args
#define BOOST_ASIO_HANDLER_COMPLETION(args) ::loopscope::monitor::detail::tracked_completion tracked_completion args
#define BOOST_ASIO_HANDLER_INVOCATION_BEGIN(args) tracked_completion.invocation_begin args
#define BOOST_ASIO_HANDLER_INVOCATION_END tracked_completion.invocation_end()
#define BOOST_ASIO_HANDLER_OPERATION(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_REGISTRATION(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_DEREGISTRATION(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_READ_EVENT 0
#define BOOST_ASIO_HANDLER_REACTOR_WRITE_EVENT 0
#define BOOST_ASIO_HANDLER_REACTOR_ERROR_EVENT 0
#define BOOST_ASIO_HANDLER_REACTOR_EVENTS(args) (void)0
#define BOOST_ASIO_HANDLER_REACTOR_OPERATION(args) (void)0
#endif

#if defined(ASIO_CUSTOM_HANDLER_TRACKING)
#define ASIO_INHERIT_TRACKED_HANDLER : public ::loopscope::monitor::detail::tracked_handler
#define ASIO_ALSO_INHERIT_TRACKED_HANDLER , public ::loopscope::monitor::detail::tracked_handler
#define ASIO_HANDLER_TRACKING_INIT (void)0
#define ASIO_HANDLER_LOCATION(args) const ::loopscope::monitor::detail::handler_location tracked_location args
#define ASIO_HANDLER_CREATION(args) ::loopscope::monitor::detail::tracked_handler::creation args
#define ASIO_HANDLER_COMPLETION(args) ::loopscope::monitor::detail::tracked_completion tracked_completion args
#define ASIO_HANDLER_INVOCATION_BEGIN(args) tracked_completion.invocation_begin args
#define ASIO_HANDLER_INVOCATION_END tracked_completion.invocation_end()
#define ASIO_HANDLER_OPERATION(args) (void)0
#define ASIO_HANDLER_REACTOR_REGISTRATION(args) (void)0
#define ASIO_HANDLER_REACTOR_DEREGISTRATION(args) (void)0
#define ASIO_HANDLER_REACTOR_READ_EVENT 0
#define ASIO_HANDLER_REACTOR_WRITE_EVENT 0
#define ASIO_HANDLER_REACTOR_ERROR_EVENT 0
#define ASIO_HANDLER_REACTOR_EVENTS(args) (void)0
#define ASIO_HANDLER_REACTOR_OPERATION(args) (void)0
#endif
