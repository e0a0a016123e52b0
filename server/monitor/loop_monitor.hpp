// SPDX-License-Identifier: MIT

#pragma once

// Where Asio is used as headers alone, its reactor's header cannot be the first one.
#include <boost/asio/io_context.hpp>

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/scheduler.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "loop_watch.hpp"

namespace loopscope::monitor {

namespace detail {
namespace asio = boost::asio;
}

#include "detail/asio_monitor.hpp"

}  // namespace loopscope::monitor
