// SPDX-License-Identifier: MIT

#pragma once

// Where Asio is used as headers alone, its reactor's header cannot be the first one.
#include <asio/io_context.hpp>

#include <asio/detail/reactor.hpp>
#include <asio/detail/scheduler.hpp>
#include <asio/execution.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/version.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "activity.hpp"
#include "loop_watch.hpp"

/// loop_monitor and attributed_executor for standalone Asio (1.18 or newer): the same text as for Boost.Asio, for
/// ::asio. They have a namespace of their own, so that a program may use both.
///
///     asio::io_context io;
///     loopscope::monitor::standalone::loop_monitor monitor{io};
namespace loopscope::monitor::standalone {

namespace detail {

namespace asio = ::asio;

// Before Asio 1.26 (Boost 1.81) execute() of an io_context's executor is for Asio alone. Not named execute, which Asio
// would find in this namespace and call.
template <class Executor, class Function>
void submit(const Executor& executor, Function&& f) {
#if ASIO_VERSION < 102600
  asio::execution::execute(executor, std::forward<Function>(f));
#else
  executor.execute(std::forward<Function>(f));
#endif
}

}  // namespace detail

#include "detail/asio_monitor.hpp"
#include "detail/attributed_executor.hpp"

}  // namespace loopscope::monitor::standalone
