// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace loopscope::admin::testing {

/// Reads /events as a browser's EventSource does: blocking, on a socket of its own.
class event_reader {
 public:
  explicit event_reader(const boost::asio::ip::tcp::endpoint& server, int receive_buffer_bytes = 0) {
    socket_.open(server.protocol());
    if (receive_buffer_bytes > 0)
      socket_.set_option(boost::asio::socket_base::receive_buffer_size{receive_buffer_bytes});
    socket_.connect(server);
    boost::asio::write(socket_, boost::asio::buffer(std::string{"GET /events HTTP/1.1\r\nHost: test\r\n\r\n"}));
    head_ = read_until("\r\n\r\n");
  }

  /// Status line and header.
  const std::string& head() const { return head_; }

  /// The data of the next event, without comments and retry; nullopt when the connection has ended.
  std::optional<nlohmann::json> next() {
    for (;;) {
      const std::string block = read_until("\n\n");
      if (block.empty()) return std::nullopt;
      const auto data = block.find("\ndata: ");
      if (data == std::string::npos) continue;
      const auto begin = data + 7;
      return nlohmann::json::parse(block.substr(begin, block.size() - begin - 2));
    }
  }

 private:
  std::string read_until(const std::string& end) {
    boost::system::error_code error;
    const std::size_t size = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(received_), end, error);
    std::string block = error ? std::string{} : received_.substr(0, size);
    received_.erase(0, block.size());
    return block;
  }

  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::socket socket_{io_};
  std::string received_;
  std::string head_;
};

}  // namespace loopscope::admin::testing
