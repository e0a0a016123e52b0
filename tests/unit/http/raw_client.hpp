// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

namespace loopscope::http::test {

inline const std::string hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

/// One answer as it came over the wire.
struct raw_answer {
  int status = 0;
  std::string head;  // status line and headers, lower case
  std::string body;  // de-chunked
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

/// A client that sends what it is told, valid or not. Blocks; every receive gives up after 30 seconds.
class raw_client {
 public:
  explicit raw_client(const boost::asio::ip::tcp::endpoint& to);

  void send(std::string_view bytes);
  /// Reads one answer; status 0 when the connection ends before one. `head_only`: of a HEAD request.
  raw_answer receive(bool head_only = false);
  raw_answer ask(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  /// Bytes that are there or come before the server closes or `wanted` have come.
  std::string receive_bytes(std::size_t wanted);
  /// True when the server has closed in order: nothing more sent, and no reset.
  bool at_end();
  void half_close();
  void reset();
  void close();
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  bool more();

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
  std::string buffer_;
};

}  // namespace loopscope::http::test
