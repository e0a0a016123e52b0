// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <latch>
#include <list>
#include <string>
#include <thread>

namespace loopscope::probe::test {

/// What the server does with a request.
enum class manner {
  answer,                   ///< 200, the connection stays
  answer_and_close,         ///< 200 with Connection: close
  answer_late,              ///< 103 first, then 200
  answer_and_read_no_more,  ///< 200, the connection stays and nothing more is read from it
  refuse,                   ///< 503
  hold,                     ///< nothing, ever
  close,                    ///< closes without an answer
  reset,                    ///< resets without an answer
  nonsense,                 ///< bytes that are not HTTP
  close_at_second,          ///< answers the first of a connection, closes without an answer at the second
  half_at_second,           ///< the same, but with the first bytes of an answer
  large_header,             ///< 200 with a header of 9,000 bytes
  long_field,               ///< 200 with one field of 200,000 bytes
  huge_header,              ///< 200 with a header of 310,000 bytes
  head,                     ///< as to HEAD: 200 that tells of a body and has none
};

/// A server on a loopback port and a thread of its own that treats every request alike.
class scripted_server {
 public:
  explicit scripted_server(manner how, const char* address = "127.0.0.1");
  ~scripted_server();

  boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  /// Listens at one more address, on the same thread.
  boost::asio::ip::tcp::endpoint listen_also_at(const char* address);
  /// Its thread does nothing from now on until `open` is counted down, which the caller must do.
  void stand_still_until(std::latch& open);

  std::atomic<int> accepted{0};
  std::atomic<int> requests{0};

 private:
  boost::asio::awaitable<void> accept(boost::asio::ip::tcp::acceptor& from);
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);

  manner how_;
  boost::asio::io_context loop_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::list<boost::asio::ip::tcp::acceptor> further_acceptors_;
  std::thread thread_;
};

}  // namespace loopscope::probe::test
