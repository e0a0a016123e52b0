#pragma once

#include <asio/detail/scheduler.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "loop_watch.hpp"

/// loop_monitor for standalone Asio: the same class as in loop_monitor.hpp, for ::asio instead of boost::asio. Has a
/// namespace of its own, so that a program may use both.
///
///     asio::io_context io;
///     loopscope::monitor::standalone::loop_monitor monitor{io};
namespace loopscope::monitor::standalone {

namespace detail {
namespace asio = ::asio;
}

#include "detail/asio_monitor.hpp"

}  // namespace loopscope::monitor::standalone
