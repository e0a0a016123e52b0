// SPDX-License-Identifier: MIT

// The minimum cost of answering /hello over TCP: one epoll loop that reads once, looks at nothing and sends a fixed
// response. It speaks no HTTP: it answers each piece that arrives. For hello_peers.py.
//
//   build/bin/hello_floor      prints its port and serves until SIGTERM

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace {

constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: "
    "6\r\n\r\nhello\n";
constexpr int max_waiting_connections = 511;

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), call};
  return result;
}

int listen_on_loopback() {
  const int listener = checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  checked(::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");  // connections inherit it
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  checked(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), "bind");
  checked(::listen(listener, max_waiting_connections), "listen");
  checked(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  std::printf("%u\n", static_cast<unsigned>(::ntohs(address.sin_port)));
  std::fflush(stdout);
  return listener;
}

void watch(int epoll, int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  checked(::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

void answer(int connection) {
  std::array<char, 4096> request;
  const ssize_t size = ::recv(connection, request.data(), request.size(), 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0 || ::send(connection, response.data(), response.size(), MSG_NOSIGNAL) < 0) ::close(connection);
}

}  // namespace

int main() {
  const int listener = listen_on_loopback();
  const int epoll = checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener, EPOLLIN);
  std::array<epoll_event, 512> ready;
  for (;;) {
    const int count = ::epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = ready[static_cast<std::size_t>(i)].data.fd;
      if (descriptor != listener) {
        answer(descriptor);
        continue;
      }
      for (int accepted; (accepted = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
        watch(epoll, accepted, EPOLLIN | EPOLLRDHUP | EPOLLET);
    }
  }
}
