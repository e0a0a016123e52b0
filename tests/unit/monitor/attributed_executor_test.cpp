// SPDX-License-Identifier: MIT

#include "server/monitor/attributed_executor.hpp"

#include <gtest/gtest.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <vector>

#include "server/monitor/loop_monitor.hpp"

namespace loopscope::monitor {
namespace {

namespace asio = boost::asio;
using std::chrono::nanoseconds;

class attributed_executor_test : public ::testing::Test {
 protected:
  std::uint64_t serving() const {
    const auto read = slot_->read();
    return read ? read->id : 0;
  }

  asio::io_context io_;
  std::shared_ptr<activity_slot> slot_ = detail::service_of(io_, 16).activities();
  activity first_{slot_, 1, "first", ""};
  activity second_{slot_, 2, "second", ""};
  attributed_executor<asio::io_context::executor_type> on_first_{io_.get_executor(), *slot_, first_};
  attributed_executor<asio::io_context::executor_type> on_second_{io_.get_executor(), *slot_, second_};
};

TEST_F(attributed_executor_test, attributes_a_handler_while_it_runs) {
  std::uint64_t during = 0;
  asio::post(on_first_, [&] { during = serving(); });
  io_.run();
  EXPECT_EQ(during, 1U);
  EXPECT_EQ(serving(), 0U);
  EXPECT_EQ(slot_->handlers_run(), 1U);
}

TEST_F(attributed_executor_test, restores_the_activity_of_the_handler_it_runs_inside_of) {
  std::vector<std::uint64_t> seen;
  asio::post(on_first_, [&] {
    asio::dispatch(on_second_, [&] { seen.push_back(serving()); });
    seen.push_back(serving());
  });
  io_.run();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{2, 1}));
}

TEST_F(attributed_executor_test, restores_the_activity_when_a_handler_throws) {
  asio::post(on_first_, [] { throw std::runtime_error("expected"); });
  EXPECT_THROW(io_.run(), std::runtime_error);
  EXPECT_EQ(serving(), 0U);
}

TEST_F(attributed_executor_test, attributes_every_resumption_of_a_coroutine) {
  std::vector<std::uint64_t> first_saw;
  std::vector<std::uint64_t> second_saw;
  auto work = [this](std::vector<std::uint64_t>& saw) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int i = 0; i < 5; ++i) {
      saw.push_back(serving());
      timer.expires_after(nanoseconds{1});
      co_await timer.async_wait(asio::use_awaitable);
      saw.push_back(serving());
      co_await asio::post(io_, asio::use_awaitable);
      saw.push_back(serving());
    }
  };
  asio::co_spawn(on_first_, work(first_saw), asio::detached);
  asio::co_spawn(on_second_, work(second_saw), asio::detached);
  io_.run();
  EXPECT_EQ(first_saw, std::vector<std::uint64_t>(15, 1));
  EXPECT_EQ(second_saw, std::vector<std::uint64_t>(15, 2));
  EXPECT_EQ(serving(), 0U);
}

TEST_F(attributed_executor_test, serves_as_any_io_executor_and_for_sockets) {
  const asio::any_io_executor any = on_first_;
  EXPECT_EQ(&asio::query(any, asio::execution::context), static_cast<asio::execution_context*>(&io_));
  EXPECT_EQ(any, asio::any_io_executor(on_first_));
  EXPECT_NE(any, asio::any_io_executor(on_second_));

  asio::ip::tcp::acceptor acceptor(any, {asio::ip::address_v4::loopback(), 0});
  asio::ip::tcp::socket client(io_);
  asio::ip::tcp::socket server(any);
  std::uint64_t on_accept = 0;
  acceptor.async_accept(server, asio::bind_executor(any, [&](boost::system::error_code error) {
                          EXPECT_FALSE(error);
                          on_accept = serving();
                        }));
  client.async_connect(acceptor.local_endpoint(), [](boost::system::error_code error) { EXPECT_FALSE(error); });
  io_.run();
  EXPECT_EQ(on_accept, 1U);
}

}  // namespace
}  // namespace loopscope::monitor
