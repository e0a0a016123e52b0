// SPDX-License-Identifier: MIT

// The public headers for standalone Asio, in the way that a program without Boost uses them.
#define ASIO_CUSTOM_HANDLER_TRACKING <loopscope/monitor/handler_tracking.hpp>
#include <utility>  // Asio 1.18 does not include it where C++20 needs it

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <loopscope/monitor/operation.hpp>
#include <loopscope/monitor/prometheus.hpp>
#include <loopscope/monitor/standalone_asio.hpp>
#include <loopscope/monitor/testing.hpp>

namespace monitor = loopscope::monitor;

std::string use(asio::io_context& io, asio::ip::tcp::socket& socket, char& byte);

std::string use(asio::io_context& io, asio::ip::tcp::socket& socket, char& byte) {
  monitor::standalone::loop_monitor watch{io};
  const monitor::testing::fail_on_stall guard{watch};
  const monitor::activity request{watch.activities(), 1, "GET /", ""};
  const monitor::standalone::attributed_executor<asio::io_context::executor_type> executor{
      io.get_executor(), *watch.activities(), request};
  asio::post(executor, [] {});
  asio::async_read(socket, asio::buffer(&byte, 1), [](auto, auto) {});
  monitor::prometheus_exporter exporter;
  return exporter.text({{"io", watch.snapshot()}}) + monitor::current_operation(1)->name;
}
