// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <loopscope/monitor/loop_monitor.hpp>
#include <loopscope/monitor/testing.hpp>

namespace asio = boost::asio;

// High, because other tests may have the CPU for longer than a usual threshold.
loopscope::monitor::options settings() {
  loopscope::monitor::options options;
  options.stall_threshold = std::chrono::milliseconds(150);
  return options;
}

class session : public testing::Test {
 protected:
  asio::io_context io;
  loopscope::monitor::loop_monitor monitor{io, settings()};
  loopscope::monitor::testing::fail_on_stall guard{monitor, std::chrono::seconds{30}};
};

void parse_catalogue() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST_F(session, parses) {
  asio::post(io, parse_catalogue);
  monitor.run();
}

TEST_F(session, does_not_block) {
  asio::post(io, [] {});
  monitor.run();
}

// One loop that every test uses: the test that blocked it fails, the others do not.
class shared_session : public testing::Test {
 protected:
  static void SetUpTestSuite() { loop = new shared; }
  static void TearDownTestSuite() {
    delete loop;
    loop = nullptr;
  }
  struct shared {
    asio::io_context io;
    loopscope::monitor::loop_monitor monitor{io, settings()};
    loopscope::monitor::testing::fail_on_stall guard{monitor, std::chrono::seconds{30}};
  };
  static inline shared* loop = nullptr;
};

TEST_F(shared_session, answers) {
  asio::post(loop->io, [] {});
  loop->monitor.run();
}

TEST_F(shared_session, parses) {
  loop->io.restart();
  asio::post(loop->io, parse_catalogue);
  loop->monitor.run();
}

TEST_F(shared_session, answers_again) {
  loop->io.restart();
  asio::post(loop->io, [] {});
  loop->monitor.run();
}
