// SPDX-License-Identifier: MIT

// Answers every HTTP request with the same text, on threads that share an io_context, for monitor_cost.py.
//
//   build/bin/pool_server THREADS off|plain|counted      prints its port and serves until SIGTERM

#include <pthread.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "watched_modes.hpp"

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(input_, 65536), "\r\n\r\n",
                           [self = shared_from_this()](boost::system::error_code failure, std::size_t size) {
                             if (failure) return;
                             self->input_.erase(0, size);
                             self->write();
                           });
  }

 private:
  void write() {
    static constexpr std::string_view answer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
    asio::async_write(socket_, asio::buffer(answer),
                      [self = shared_from_this()](boost::system::error_code failure, std::size_t) {
                        if (!failure) self->read();
                      });
  }

  tcp::socket socket_;
  std::string input_;
};

void accept(asio::io_context& io, tcp::acceptor& acceptor) {
  acceptor.async_accept(asio::make_strand(io), [&](boost::system::error_code failure, tcp::socket socket) {
    if (failure) return;
    socket.set_option(tcp::no_delay{true});
    std::make_shared<session>(std::move(socket))->read();
    accept(io, acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc == 3 ? std::atoi(argv[1]) : 0;
  const auto mode = argc == 3 ? to_watched_mode(argv[2]) : std::nullopt;
  if (threads < 1 || !mode) {
    std::fprintf(stderr, "usage: pool_server THREADS off|plain|counted\n");
    return 2;
  }
  asio::io_context io{threads};
  std::optional<loopscope::monitor::loop_monitor> monitor;
  if (mode != watched_mode::off) monitor.emplace(io);
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  accept(io, acceptor);
  asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](auto, int) { io.stop(); });
  std::printf("%u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);

  const auto serve = [&](int number) {
    ::pthread_setname_np(::pthread_self(), ("serve-" + std::to_string(number)).c_str());
    run_loop(io, mode == watched_mode::counted ? &*monitor : nullptr);
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(serve, i);
  serve(0);
}
