// SPDX-License-Identifier: MIT

#include "raw_client.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <boost/asio/write.hpp>

namespace loopscope::http::test {

namespace asio = boost::asio;

raw_client::raw_client(const asio::ip::tcp::endpoint& to) {
  socket_.connect(to);
  const timeval patience{30, 0};
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

void raw_client::send(std::string_view bytes) {
  boost::system::error_code ignored;  // the server may have closed; the answer tells
  asio::write(socket_, asio::buffer(bytes), ignored);
}

bool raw_client::more() {
  char piece[4096];
  const auto got = ::recv(socket_.native_handle(), piece, sizeof piece, 0);
  if (got <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(got));
  return true;
}

raw_answer raw_client::receive(bool head_only) {
  raw_answer answer;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return answer;
  }
  answer.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  std::transform(answer.head.begin(), answer.head.end(), answer.head.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  answer.status = std::stoi(answer.head.substr(9, 3));
  if (head_only || answer.status < 200 || answer.status == 204) return answer;
  if (const auto at = answer.head.find("\r\ncontent-length: "); at != std::string::npos) {
    const auto size = std::stoul(answer.head.substr(at + 18));
    answer.body = receive_bytes(size);
  } else if (answer.has("transfer-encoding: chunked")) {
    for (;;) {
      std::size_t line;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!more()) return {};
      }
      const auto size = std::stoul(buffer_.substr(0, line), nullptr, 16);
      buffer_.erase(0, line + 2);
      const auto piece = receive_bytes(size + 2);
      if (size == 0) break;
      answer.body += piece.substr(0, size);
    }
  } else {
    while (more()) {
    }
    answer.body = std::exchange(buffer_, {});
  }
  return answer;
}

std::string raw_client::receive_bytes(std::size_t wanted) {
  while (buffer_.size() < wanted && more()) {
  }
  auto taken = buffer_.substr(0, wanted);
  buffer_.erase(0, taken.size());
  return taken;
}

bool raw_client::at_end() {
  if (!buffer_.empty()) return false;
  char one;
  const auto got = ::recv(socket_.native_handle(), &one, 1, 0);
  return got == 0;
}

void raw_client::half_close() {
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send);
}

void raw_client::reset() {
  socket_.set_option(asio::socket_base::linger(true, 0));
  socket_.close();
}

void raw_client::close() {
  socket_.close();
}

}  // namespace loopscope::http::test
