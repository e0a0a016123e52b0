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
#include <string_view>

#include "operation_queue.hpp"

namespace loopscope::writers {

using boost::system::error_code;

/// A file that takes any number of writes at once without blocking the caller: a back end.
///
/// Each operation writes all of its data (short writes and EINTR are continued) and its bytes stay together.
/// Errors: the system call's errno; operation_canceled after cancel().
/// Memory: an allocation that fails ends the process (std::terminate where there is no new_handler), since operations
/// that are under way point into their owners. So does an exception of an operation's on_complete.
/// Threads: start() and cancel() only on the file's executor, where completions run, too.
/// Lifetime: outlives its operations. Cancellation: cancel() completes what has not been begun.
class async_file {
 public:
  virtual ~async_file() = default;
  virtual void start(write_operation& operation) noexcept = 0;
  /// The same for several, in their order: for a back end where handing one over costs more than queueing it.
  virtual void start_all(operation_queue& operations) noexcept {
    while (!operations.empty()) start(operations.pop());
  }
  /// Later and waiting operations complete with operation_canceled; one in the kernel completes as it does.
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
