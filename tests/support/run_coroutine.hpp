// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace loopscope::testing {

/// Runs a coroutine to its end on `io`. Returns its result.
template <class T>
T run_coroutine(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine) {
  std::optional<T> result;
  boost::asio::co_spawn(boost::asio::any_io_executor{io.get_executor()}, std::move(coroutine),
                        [&](const std::exception_ptr& failure, T value) {
                          if (failure) std::rethrow_exception(failure);
                          result.emplace(std::move(value));
                        });
  io.restart();
  io.run();
  return std::move(result).value();
}

}  // namespace loopscope::testing
