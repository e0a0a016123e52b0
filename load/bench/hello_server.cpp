// SPDX-License-Identifier: MIT

// Serves /hello on one loop, with or without the monitor, for monitor_overhead.py.
//
//   build/bin/hello_server on|off      prints its port and serves until SIGTERM

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string_view>

#include "server/http/server.hpp"
#include "server/monitor/loop_monitor.hpp"

namespace {

using namespace loopscope;

/// Does for each request what the observer of the service does for the monitor.
class stall_observer final : public http::observer {
 public:
  explicit stall_observer(monitor::loop_watch& watch) : watch_(watch) {}
  void on_request_begin(int socket, const http::request&, std::string_view) noexcept override {
    if (const auto stall = watch_.stall_to_blame())
      if (const auto age = monitor::unread_data_age(socket)) watch_.note_delayed(stall, *age);
  }

 private:
  monitor::loop_watch& watch_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool watched = argc == 2 && std::string_view{argv[1]} == "on";
  if (!watched && (argc != 2 || std::string_view{argv[1]} != "off")) {
    std::fprintf(stderr, "usage: hello_server on|off\n");
    return 2;
  }
  boost::asio::io_context loop{1};
  std::optional<monitor::loop_monitor> monitor;
  std::optional<stall_observer> observer;
  if (watched) observer.emplace(monitor.emplace(loop));

  http::router router;
  router.fixed("/hello", http::response::text("hello\n"));
  http::server server{loop, router, {}, observer ? &*observer : nullptr};
  if (server.listen({boost::asio::ip::address_v4::loopback(), 0})) return 1;
  boost::asio::signal_set signals{loop, SIGTERM};
  signals.async_wait([&](auto, int) { loop.stop(); });
  server.start();
  std::printf("%u\n", static_cast<unsigned>(server.local_endpoint().port()));
  std::fflush(stdout);
  loop.run();
}
