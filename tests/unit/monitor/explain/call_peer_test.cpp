// SPDX-License-Identifier: MIT

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "server/monitor/explain/blocked_call.hpp"
#include "tests/unit/monitor/explain/blocked_thread.hpp"

namespace loopscope::monitor::testing {
namespace {

#ifdef SYS_poll
constexpr long poll_call = SYS_poll;
constexpr long select_call = SYS_select;
#else
constexpr long poll_call = SYS_ppoll;
constexpr long select_call = SYS_pselect6;
#endif

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {
    if (fd < 0) throw std::runtime_error("no descriptor");
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { ::close(fd_); }
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_byte(int fd) {
  ASSERT_EQ(::write(fd, "x", 1), 1);
}

/// The call of a thread that reads a byte from fd.
blocked_call call_of_reader(int fd, const std::function<void()>& wake) {
  blocked_thread reader([&] {
    char byte = 0;
    EXPECT_EQ(::read(fd, &byte, 1), 1);
  });
  const auto asleep = reader.wait_until_asleep_in({SYS_read});
  const auto call = blocking_describe_call(reader.id(), asleep.call);
  wake();
  return call.value();
}

/// A child that sleeps until it is told to end, and has only the files that it was given.
class child {
 public:
  template <class Function>
  explicit child(Function f) {
    process_ = ::fork();
    if (process_ != 0) return;
    f();
    for (;;) ::pause();
  }
  ~child() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  pid_t id() const { return process_; }
  std::string text() const { return std::to_string(process_) + " (unit_monitor_li)"; }

 private:
  pid_t process_ = 0;
};

sockaddr_in loopback() {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

std::string name_of(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) throw std::runtime_error("getsockname");
  return "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
}

struct connection {
  descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  descriptor client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int server = -1;

  connection() {
    auto address = loopback();
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener.get(), any, size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), any, &size), 0);
    EXPECT_EQ(::connect(client.get(), any, size), 0);
    server = ::accept(listener.get(), nullptr, nullptr);
  }
  ~connection() { ::close(server); }
};

TEST(call_peer, is_the_address_of_a_tcp_peer) {
  const connection tcp;
  const auto call = call_of_reader(tcp.client.get(), [&] { write_byte(tcp.server); });
  EXPECT_EQ(call.peer, name_of(tcp.server));
}

TEST(call_peer, is_the_address_of_another_processs_tcp_peer) {
  const connection tcp;
  const child reader([&] {
    char byte = 0;
    static_cast<void>(::read(tcp.client.get(), &byte, 1) == 1);
  });
  const watched_thread thread{reader.id(), reader.id()};
  const auto asleep = blocked_thread::wait_until_asleep(thread, {SYS_read});
  EXPECT_EQ(blocking_describe_call(thread, asleep.call)->peer, name_of(tcp.server));
}

TEST(call_peer, is_empty_for_a_socket_that_listens) {
  const connection tcp;
  blocked_thread server([&] { ::close(::accept(tcp.listener.get(), nullptr, nullptr)); });
  const auto asleep = server.wait_until_asleep_in({SYS_accept, SYS_accept4});
  const auto call = blocking_describe_call(server.id(), asleep.call);
  ::shutdown(tcp.listener.get(), SHUT_RDWR);
  EXPECT_EQ(call->peer, "");
}

TEST(call_peer, is_the_path_of_a_unix_socket_at_both_ends) {
  auto folder = std::string("/tmp/loopscope-peer-XXXXXX");
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto path = folder + "/socket";
  {
    const descriptor listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    const descriptor client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const descriptor server(::accept(listener.get(), nullptr, nullptr));
    EXPECT_EQ(call_of_reader(client.get(), [&] { write_byte(server.get()); }).peer, "unix:" + path);
    EXPECT_EQ(call_of_reader(server.get(), [&] { write_byte(client.get()); }).peer, "unix:" + path);
  }
  std::filesystem::remove_all(folder);
}

TEST(call_peer, is_the_process_that_has_the_other_end) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const descriptor own(ends[0]);
  const child other([&] { ::close(ends[0]); });
  const auto call = call_of_reader(own.get(), [&] { write_byte(ends[1]); });
  ::close(ends[1]);
  EXPECT_EQ(call.peer, "unix socket of " + other.text());

  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const descriptor reader(pipe[0]);
  const child writer([&] { ::close(pipe[0]); });
  const auto read_call = call_of_reader(reader.get(), [&] { write_byte(pipe[1]); });
  ::close(pipe[1]);
  EXPECT_EQ(read_call.peer, "pipe written by " + writer.text());
}

TEST(call_peer, is_the_reader_of_a_full_pipe) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const descriptor reader(ends[0]);
  const std::vector<char> more_than_fits(1U << 20U);
  blocked_thread writer([&] { EXPECT_GT(::write(ends[1], more_than_fits.data(), more_than_fits.size()), 0); });
  const auto asleep = writer.wait_until_asleep_in({SYS_write});
  const auto call = blocking_describe_call(writer.id(), asleep.call);
  std::vector<char> taken(more_than_fits.size());
  for (std::size_t size = 0; size < taken.size();) {
    const auto part = ::read(ends[0], taken.data(), taken.size());
    ASSERT_GT(part, 0);
    size += static_cast<std::size_t>(part);
  }
  ::close(ends[1]);
  EXPECT_EQ(call->peer, "pipe read by its own process");
}

TEST(blocked_call, has_the_files_of_a_poll) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const descriptor reader(ends[0]);
  const descriptor writer(ends[1]);
  const auto call_of = [&](const std::function<void()>& wait, std::initializer_list<long> calls) {
    blocked_thread blocked(wait);
    const auto asleep = blocked.wait_until_asleep_in(calls);
    const auto call = blocking_describe_call(blocked.id(), asleep.call);
    write_byte(writer.get());
    return *call;
  };
  const auto take = [&] {
    char byte = 0;
    ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
  };
  const auto one = call_of(
      [&] {
        std::array<pollfd, 2> files{{{-1, POLLIN, 0}, {reader.get(), POLLIN, 0}}};
        EXPECT_EQ(::poll(files.data(), files.size(), -1), 1);
      },
      {poll_call, SYS_ppoll});
  take();
  EXPECT_EQ(one.fd, reader.get());
  EXPECT_TRUE(one.path.starts_with("pipe:[")) << one.path;
  EXPECT_EQ(one.peer, "pipe written by its own process");

  const std::array<descriptor, 4> others{descriptor{::dup(0)}, descriptor{::dup(0)}, descriptor{::dup(0)},
                                         descriptor{::dup(0)}};
  const auto several = call_of(
      [&] {
        std::array<pollfd, 5> files{{{reader.get(), POLLIN, 0}}};
        for (std::size_t i = 0; i < others.size(); ++i) files[i + 1] = {others[i].get(), 0, 0};
        EXPECT_EQ(::poll(files.data(), files.size(), -1), 1);
      },
      {poll_call, SYS_ppoll});
  take();
  EXPECT_FALSE(several.fd);
  EXPECT_TRUE(several.path.starts_with("pipe:[")) << several.path;
  EXPECT_TRUE(several.path.ends_with(" and 2 more")) << several.path;

  const auto selected = call_of(
      [&] {
        fd_set files{};
        FD_SET(reader.get(), &files);
        EXPECT_EQ(::select(reader.get() + 1, &files, nullptr, nullptr, nullptr), 1);
      },
      {select_call, SYS_pselect6});
  take();
  EXPECT_EQ(selected.fd, reader.get());
  EXPECT_TRUE(selected.path.starts_with("pipe:[")) << selected.path;
}

}  // namespace
}  // namespace loopscope::monitor::testing
