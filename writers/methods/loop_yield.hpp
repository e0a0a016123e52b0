// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace loopscope::writers {

/// Lets the loop run what is ready now, including what its next look at epoll finds.
///
/// Asio queues the handlers of the events that it finds behind everything that was posted before it looked. After one
/// post they would wait for another slice; a second post is queued behind them. Threads: the loop's.
inline boost::asio::awaitable<void> yield_to_loop(const boost::asio::any_io_executor& loop) {
  co_await boost::asio::post(loop, boost::asio::use_awaitable);
  co_await boost::asio::post(loop, boost::asio::use_awaitable);
}

}  // namespace loopscope::writers
