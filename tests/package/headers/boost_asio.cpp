// SPDX-License-Identifier: MIT

// Every public header for Boost.Asio, in the way that a program uses it.
#define BOOST_ASIO_CUSTOM_HANDLER_TRACKING <loopscope/monitor/handler_tracking.hpp>
#include <utility>  // Boost 1.74 does not include it where C++20 needs it

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <loopscope/monitor/activity.hpp>
#include <loopscope/monitor/attributed_executor.hpp>
#include <loopscope/monitor/loop_monitor.hpp>
#include <loopscope/monitor/loop_watch.hpp>
#include <loopscope/monitor/operation.hpp>
#include <loopscope/monitor/options.hpp>
#include <loopscope/monitor/prometheus.hpp>
#include <loopscope/monitor/snapshot.hpp>
#include <loopscope/monitor/stall_record.hpp>
#include <loopscope/monitor/testing.hpp>

namespace monitor = loopscope::monitor;
namespace asio = boost::asio;

std::string use(asio::io_context& io, asio::ip::tcp::socket& socket, char& byte);

std::string use(asio::io_context& io, asio::ip::tcp::socket& socket, char& byte) {
  monitor::loop_monitor watch{io};
  const monitor::testing::fail_on_stall guard{watch};
  const monitor::activity request{watch.activities(), 1, "GET /", ""};
  const monitor::attributed_executor<asio::io_context::executor_type> executor{io.get_executor(), *watch.activities(),
                                                                               request};
  asio::post(executor, [] {});
  asio::dispatch(asio::prefer(executor, asio::execution::blocking.possibly), [] {});
  asio::async_read(socket, asio::buffer(&byte, 1), [](auto, auto) {});
  monitor::prometheus_exporter exporter;
  return exporter.text({{"io", watch.snapshot()}}) + monitor::current_operation(1)->name;
}
