// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace loopscope::testing {

/// A port of 127.0.0.1 at which nobody listens, and nobody can while this object exists: a connection is refused. A
/// port that was merely closed may be another program's a moment later.
class deserted_port {
 public:
  deserted_port() {
    bound_.open(boost::asio::ip::tcp::v4());
    bound_.bind({boost::asio::ip::address_v4::loopback(), 0});
  }
  boost::asio::ip::tcp::endpoint endpoint() const { return bound_.local_endpoint(); }

 private:
  boost::asio::io_context loop_;
  boost::asio::ip::tcp::acceptor bound_{loop_};  // does not listen
};

}  // namespace loopscope::testing
