// SPDX-License-Identifier: MIT

#pragma once
// Types used everywhere in the probe: one clock, one concrete executor. Times count from the schedule's start.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>

namespace loopscope::probe {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using executor = asio::io_context::executor_type;
/// A TCP or unix socket address.
using endpoint = asio::generic::stream_protocol::endpoint;
using stream_socket = asio::basic_stream_socket<asio::generic::stream_protocol, executor>;
using clock = std::chrono::steady_clock;
using timer = asio::basic_waitable_timer<clock, asio::wait_traits<clock>, executor>;

template <class T>
using task = asio::awaitable<T, executor>;
inline constexpr asio::use_awaitable_t<executor> use_task{};

}  // namespace loopscope::probe
