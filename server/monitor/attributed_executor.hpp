// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/version.hpp>
#include <memory>
#include <type_traits>
#include <utility>

#include "activity.hpp"

namespace loopscope::monitor {

namespace detail {

namespace asio = boost::asio;

// Before Asio 1.26 (Boost 1.81) execute() of an io_context's executor is for Asio alone. Not named execute, which Asio
// would find in this namespace and call.
template <class Executor, class Function>
void submit(const Executor& executor, Function&& f) {
#if BOOST_ASIO_VERSION < 102600
  asio::execution::execute(executor, std::forward<Function>(f));
#else
  executor.execute(std::forward<Function>(f));
#endif
}

}  // namespace detail

#include "detail/attributed_executor.hpp"

}  // namespace loopscope::monitor
