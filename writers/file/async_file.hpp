// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace loopscope::writers {

using boost::system::error_code;

/// One write in flight: the data and the function to call at its end. The code that starts it owns it; the file links
/// it into its queues.
///
/// Lifetime: the operation and its data live until on_complete is called; on_complete may destroy both.
struct write_operation {
  std::span<const std::byte> data;
  void (*on_complete)(write_operation&, error_code) = nullptr;  ///< called once, on the file's executor
  write_operation* next = nullptr;                              ///< used by the file while the write is in flight
  int error_value = 0;                                          ///< used by the file while the write is in flight
};

/// First-in first-out list of write operations, linked through the operations themselves.
class operation_queue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  const write_operation& front() const noexcept { return *first_; }
  std::size_t data_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const write_operation* each = first_; each; each = each->next) bytes += each->data.size();
    return bytes;
  }

  void push(write_operation& operation) noexcept {
    operation.next = nullptr;
    (last_ ? last_->next : first_) = &operation;
    last_ = &operation;
    ++size_;
  }

  write_operation& pop() noexcept {
    write_operation& operation = *first_;
    first_ = operation.next;
    if (first_ == nullptr) last_ = nullptr;
    --size_;
    return operation;
  }

  /// Moves all operations of `other` to the end of this queue.
  void append(operation_queue& other) noexcept {
    if (other.empty()) return;
    (last_ ? last_->next : first_) = other.first_;
    last_ = other.last_;
    size_ += other.size_;
    other = {};
  }

  /// Takes up to `max_count` operations from the front.
  operation_queue take(std::size_t max_count) noexcept {
    operation_queue taken;
    while (taken.size() < max_count && !empty()) taken.push(pop());
    return taken;
  }

 private:
  write_operation* first_ = nullptr;
  write_operation* last_ = nullptr;
  std::size_t size_ = 0;
};

/// A file that accepts any number of writes at once without blocking the caller: a back end.
///
/// Each operation writes all of its data (short writes and EINTR are continued) and its bytes stay together.
/// Errors: the system call's errno; operation_canceled after cancel().
/// Memory: a failed allocation ends the process (std::terminate without a new_handler), because operations in flight
/// point into their owners. An exception of an operation's on_complete ends the process for the same reason.
/// Threads: start() and cancel() only on the file's executor; completions run there too.
/// Lifetime: outlives its operations. Cancellation: cancel() completes the operations that have not begun.
class async_file {
 public:
  virtual ~async_file() = default;
  virtual void start(write_operation& operation) noexcept = 0;
  /// Starts several operations in their order. A back end overrides it if a hand-over costs more than queueing.
  virtual void start_all(operation_queue& operations) noexcept {
    while (!operations.empty()) start(operations.pop());
  }
  /// Waiting and later operations complete with operation_canceled. Operations in the kernel complete normally.
  virtual void cancel() noexcept = 0;
};

/// Writes all of `data` as an Asio operation: `void(error_code)`.
///
/// Threads: call on the file's executor. Lifetime: data and file outlive the operation.
template <boost::asio::completion_token_for<void(error_code)> CompletionToken>
auto async_write_all(async_file& file, std::span<const std::byte> data, CompletionToken&& token) {
  namespace asio = boost::asio;
  auto initiate = [](auto handler, async_file* target, std::span<const std::byte> bytes) {
    using handler_type = decltype(handler);
    struct operation : write_operation {
      explicit operation(handler_type&& h) : handler(std::move(h)) {}
      handler_type handler;
    };
    using allocator_type =
        typename std::allocator_traits<asio::associated_allocator_t<handler_type>>::template rebind_alloc<operation>;
    using traits = std::allocator_traits<allocator_type>;

    allocator_type allocator{asio::get_associated_allocator(handler)};
    operation* started = traits::allocate(allocator, 1);
    traits::construct(allocator, started, std::move(handler));
    started->data = bytes;
    started->on_complete = [](write_operation& completed, error_code error) {
      operation& self = static_cast<operation&>(completed);
      handler_type waiting = std::move(self.handler);
      allocator_type freeing{asio::get_associated_allocator(waiting)};
      traits::destroy(freeing, &self);
      traits::deallocate(freeing, &self, 1);
      const auto executor = asio::get_associated_executor(waiting);
      asio::dispatch(executor, [waiting = std::move(waiting), error]() mutable { std::move(waiting)(error); });
    };
    target->start(*started);
  };
  return asio::async_initiate<CompletionToken, void(error_code)>(std::move(initiate), token, &file, data);
}

}  // namespace loopscope::writers
