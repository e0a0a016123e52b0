// SPDX-License-Identifier: MIT

#pragma once
// The vocabulary of the HTTP layer: one concrete executor everywhere, because a type-erased one costs about a
// third more per request.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <chrono>

namespace loopscope::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Each server lives on one io_context that one thread runs; nothing in this layer locks.
using executor = asio::io_context::executor_type;

/// What handlers are: a coroutine on the loop that took the request.
template <class T>
using task = asio::awaitable<T, executor>;

using stream_socket = asio::basic_stream_socket<tcp, executor>;
using timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;
using time_point = std::chrono::steady_clock::time_point;
using verb = boost::beast::http::verb;
using field = boost::beast::http::field;

inline constexpr asio::use_awaitable_t<executor> use_task{};

}  // namespace loopscope::http
