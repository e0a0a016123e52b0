// SPDX-License-Identifier: MIT

// An HTTP server as Beast's examples have it: threads that share an io_context, a strand for each connection.
//
//   beast_server [threads=4] [run=counted|plain]

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "blocks.hpp"
#include "lab_api.hpp"
#include "truth.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket socket) : stream_(std::move(socket)) {}

  void start() {
    asio::dispatch(stream_.get_executor(), beast::bind_front_handler(&session::read, shared_from_this()));
  }

 private:
  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_, beast::bind_front_handler(&session::on_read, shared_from_this()));
  }

  void on_read(beast::error_code failure, std::size_t) {
    if (failure) return;
    const lab::handler_time whole;
    const std::string target(request_.target());
    lab::app::run_block(target);
    response_ = {http::status::ok, request_.version()};
    response_.keep_alive(request_.keep_alive());
    response_.body() = target;
    response_.prepare_payload();
    http::async_write(stream_, response_, beast::bind_front_handler(&session::on_write, shared_from_this()));
  }

  void on_write(beast::error_code failure, std::size_t) {
    if (!failure && response_.keep_alive()) read();
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::request<http::empty_body> request_;
  http::response<http::string_body> response_;
};

void accept(asio::io_context& io, tcp::acceptor& acceptor) {
  acceptor.async_accept(asio::make_strand(io), [&](beast::error_code failure, tcp::socket socket) {
    if (failure) return;
    socket.set_option(tcp::no_delay{true});
    std::make_shared<session>(std::move(socket))->start();
    accept(io, acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = std::stoi(lab::argument(argc, argv, "threads", "4"));
  const bool counted = lab::argument(argc, argv, "run", "counted") == "counted";
  asio::io_context io{threads};
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
  accept(io, acceptor);
  asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](auto, int) { io.stop(); });

  lab::monitor::loop_monitor monitor{io, lab::settings("main")};
  lab::journal::get().watch([&] { return monitor.recent_stalls(); });
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back([&] { lab::run(counted ? &monitor : nullptr, io); });
    lab::wait_until_known(monitor, static_cast<std::size_t>(threads));
    lab::print_port(acceptor.local_endpoint().port());
  }
  lab::finish(monitor);
}
