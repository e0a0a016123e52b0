// SPDX-License-Identifier: MIT

#include <boost/asio/use_awaitable.hpp>

#include "../system/thread.hpp"
#include "write_task.hpp"

namespace loopscope::writers {

boost::asio::awaitable<error_code> write_offload(write_task& task) {
  const auto write = [&task] {
    const system::usual_time_slice slice;  // a loop that wakes up need not wait for the end of this thread's
    return blocking_write_records(task);
  };
  // An error_code is wrapped because Asio would turn a leading one into an exception.
  struct outcome {
    error_code error;
  };
  const auto work = [write] { return outcome{write()}; };
  const outcome done = co_await task.pool.async_run(work, boost::asio::use_awaitable);
  co_return done.error;
}

}  // namespace loopscope::writers
