// SPDX-License-Identifier: MIT

#include "call_peer.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "blocked_call.hpp"
#include "process_memory.hpp"
#include "writers/system/clock.hpp"
#include "writers/system/number.hpp"

namespace loopscope::monitor {
namespace {

// Of the searching thread's CPU time: on a busy machine, 20 ms on the clock may be nothing.
constexpr std::chrono::milliseconds max_search{20};
// Of a table of sockets, which the kernel writes line by line.
constexpr std::size_t max_lines = 20'000;

std::string to_text(const sockaddr_storage& address, std::size_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ':' + std::to_string(ntohs(in.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    return '[' + std::string(text.data()) + "]:" + std::to_string(ntohs(in.sin6_port));
  }
  if (address.ss_family == AF_UNIX && size > offsetof(sockaddr_un, sun_path)) {
    sockaddr_un un{};
    std::memcpy(&un, &address, sizeof un);
    std::string path(un.sun_path, size - offsetof(sockaddr_un, sun_path));
    if (path.front() == '\0') {
      path.front() = '@';
    } else {
      path.resize(std::strlen(path.c_str()));
    }
    return "unix:" + path;
  }
  return {};
}

/// An argument of connect(2) or sendto(2).
std::string blocking_address_argument(const watched_thread& thread, std::uint64_t address, std::uint64_t size) {
  sockaddr_storage out{};
  if (address == 0 || size > sizeof out || size < sizeof out.ss_family) return {};
  const auto bytes = std::as_writable_bytes(std::span(&out, 1)).first(static_cast<std::size_t>(size));
  return process_memory(thread.pid).blocking_read(static_cast<std::uintptr_t>(address), bytes) == size
             ? to_text(out, static_cast<std::size_t>(size))
             : std::string{};
}

std::string own_peer(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return address.ss_family == AF_UNIX ? std::string{} : to_text(address, size);
}

/// The lines of a table in /proc/PID/net behind its first one.
template <class Function>
void for_each_line(const std::string& path, Function f) {
  std::ifstream table(path);
  std::string line;
  std::getline(table, line);
  for (std::size_t i = 0; i < max_lines && std::getline(table, line); ++i) {
    if (!f(std::string_view(line))) return;
  }
}

/// "0100007F:1538", as the kernel shows an address in words of its own byte order.
std::string table_address(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon % 8 != 0 || colon > 32) return {};
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < colon / 8; ++i) {
    const auto word = system::parse_number<std::uint32_t>(text.substr(i * 8, 8), 16);
    if (!word) return {};
    words[i] = *word;
  }
  const auto port = system::parse_number<std::uint16_t>(text.substr(colon + 1), 16);
  if (!port || *port == 0) return {};
  std::array<char, INET6_ADDRSTRLEN> out{};
  const bool is_v6 = colon == 32;
  ::inet_ntop(is_v6 ? AF_INET6 : AF_INET, words.data(), out.data(), out.size());
  return (is_v6 ? '[' + std::string(out.data()) + ']' : std::string(out.data())) + ':' + std::to_string(*port);
}

std::string blocking_table_peer(pid_t process, std::uint64_t inode) {
  std::string out;
  for (const char* protocol : {"tcp", "tcp6", "udp", "udp6"}) {
    bool found = false;
    for_each_line("/proc/" + std::to_string(process) + "/net/" + protocol, [&](std::string_view line) {
      constexpr int remote_field = 2;
      constexpr int inode_field = 9;
      std::string_view remote;
      for (int field = 0; field < inode_field; ++field) {
        const auto word = system::next_word(line);
        if (field == remote_field) remote = word;
      }
      found = system::parse_number<std::uint64_t>(system::next_word(line)) == inode;
      if (found) out = table_address(remote);
      return !found;
    });
    if (found) break;
  }
  return out;
}

/// The name of a Unix socket; empty when it has none.
std::string blocking_unix_name(pid_t process, std::uint64_t inode) {
  std::string out;
  for_each_line("/proc/" + std::to_string(process) + "/net/unix", [&](std::string_view line) {
    constexpr int inode_field = 6;
    for (int field = 0; field < inode_field; ++field) system::next_word(line);
    if (system::parse_number<std::uint64_t>(system::next_word(line)) != inode) return true;
    if (!line.empty()) out = "unix:" + std::string(line.substr(1));
    return false;
  });
  return out;
}

/// The inode of the socket at the other end of a Unix socket.
std::optional<std::uint32_t> blocking_unix_peer(std::uint32_t inode) {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return std::nullopt;
  const auto close_it = [](const int* open) { ::close(*open); };
  const std::unique_ptr<const int, decltype(close_it)> closer(&fd, close_it);
  struct {
    nlmsghdr header;
    unix_diag_req request;
  } question{};
  question.header = {.nlmsg_len = sizeof question,
                     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                     .nlmsg_flags = NLM_F_REQUEST,
                     .nlmsg_seq = 0,
                     .nlmsg_pid = 0};
  question.request = {.sdiag_family = AF_UNIX,
                      .sdiag_protocol = 0,
                      .pad = 0,
                      .udiag_states = ~0U,
                      .udiag_ino = inode,
                      .udiag_show = UDIAG_SHOW_PEER,
                      .udiag_cookie = {~0U, ~0U}};
  alignas(nlmsghdr) std::array<std::byte, 4096> buffer;
  // The kernel answers before send() returns.
  if (::send(fd, &question, sizeof question, 0) < 0) return std::nullopt;
  const auto size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
  if (size < 0 || !NLMSG_OK(header, static_cast<std::uint32_t>(size)) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
    return std::nullopt;
  std::optional<std::uint32_t> out;
  const auto* attribute = reinterpret_cast<const rtattr*>(static_cast<const char*>(NLMSG_DATA(header)) +
                                                          NLMSG_ALIGN(sizeof(unix_diag_msg)));
  auto left = NLMSG_PAYLOAD(header, sizeof(unix_diag_msg));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == UNIX_DIAG_PEER) std::memcpy(&out.emplace(), RTA_DATA(attribute), sizeof(std::uint32_t));
  }
  return out;
}

/// Whose descriptor it may be, by the mode of its link.
struct wanted_file {
  std::string link;  // "pipe:[4711]"
  mode_t mode;       // S_IRUSR, S_IWUSR or both
};

class folder {
 public:
  explicit folder(const std::string& path) : open_(::opendir(path.c_str())) {}
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    if (open_) ::closedir(open_);
  }
  /// Returns nullptr at the end. Entries that begin with a dot are left out.
  const char* next() {
    while (open_) {
      const auto* entry = ::readdir(open_);
      if (!entry) break;
      if (entry->d_name[0] != '.') return entry->d_name;
    }
    return nullptr;
  }
  int fd() const { return ::dirfd(open_); }

 private:
  DIR* open_;
};

class search_time {
 public:
  bool is_over() const noexcept { return system::read_clock(CLOCK_THREAD_CPUTIME_ID) > end_; }

 private:
  std::chrono::nanoseconds end_ = system::read_clock(CLOCK_THREAD_CPUTIME_ID) + max_search;
};

bool has_open(pid_t process, const wanted_file& wanted, const search_time& time) {
  folder descriptors("/proc/" + std::to_string(process) + "/fd");
  while (const char* name = descriptors.next()) {
    std::array<char, 64> target;
    const auto size = ::readlinkat(descriptors.fd(), name, target.data(), target.size());
    if (size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == wanted.link) {
      struct stat link {};
      if (::fstatat(descriptors.fd(), name, &link, AT_SYMLINK_NOFOLLOW) == 0 && (link.st_mode & wanted.mode) != 0)
        return true;
    }
    if (time.is_over()) return false;
  }
  return false;
}

/// "4711 (cat)", another process rather than the thread's own one.
std::string blocking_find_user(pid_t own, const wanted_file& wanted) {
  const search_time time;
  folder processes("/proc");
  while (const char* name = processes.next()) {
    const auto process = system::parse_number<pid_t>(name);
    struct stat owner {};
    if (!process || *process == own) continue;
    if (time.is_over()) break;
    if (::fstatat(processes.fd(), name, &owner, 0) != 0 || owner.st_uid != ::geteuid()) continue;
    if (!has_open(*process, wanted, time)) continue;
    auto comm = system::proc_file("/proc/" + std::string(name) + "/comm").read();
    if (!comm.empty()) comm.pop_back();
    return std::string(name) + " (" + comm + ')';
  }
  return has_open(own, wanted, search_time{}) ? "its own process" : std::string{};
}

std::string blocking_pipe_peer(pid_t process, int fd, const std::string& path) {
  const auto link = "/proc/" + std::to_string(process) + "/fd/" + std::to_string(fd);
  struct stat own_end {};
  if (::lstat(link.c_str(), &own_end) != 0) return {};
  const bool reads = (own_end.st_mode & S_IRUSR) != 0;
  const mode_t other_end = reads ? S_IWUSR : S_IRUSR;
  const auto user = blocking_find_user(process, {path, other_end});
  return user.empty() ? user : (reads ? "pipe written by " : "pipe read by ") + user;
}

std::string blocking_socket_peer(pid_t process, int fd, std::uint64_t inode) {
  auto address = process == ::getpid() ? own_peer(fd) : blocking_table_peer(process, inode);
  if (!address.empty()) return address;
  const auto peer = blocking_unix_peer(static_cast<std::uint32_t>(inode));
  if (peer) address = blocking_unix_name(process, *peer);
  // The accepted end has the name of the socket that listens.
  if (address.empty()) address = blocking_unix_name(process, inode);
  if (!address.empty() || !peer) return address;
  const auto user = blocking_find_user(process, {"socket:[" + std::to_string(*peer) + ']', S_IRUSR | S_IWUSR});
  return user.empty() ? user : "unix socket of " + user;
}

/// N of "kind:[N]".
std::optional<std::uint64_t> inode_of(std::string_view path, std::string_view kind) {
  if (!path.starts_with(kind) || !path.ends_with(']')) return std::nullopt;
  return system::parse_number<std::uint64_t>(path.substr(kind.size(), path.size() - kind.size() - 1));
}

}  // namespace

std::string blocking_find_peer(const watched_thread& thread, const system::syscall_line& line,
                               const blocked_call& call) {
  if (line.number == SYS_connect) return blocking_address_argument(thread, line.arguments[1], line.arguments[2]);
  if (line.number == SYS_sendto && line.arguments[4] != 0)
    return blocking_address_argument(thread, line.arguments[4], line.arguments[5]);
  if (!call.fd) return {};
  if (inode_of(call.path, "pipe:[")) return blocking_pipe_peer(thread.pid, *call.fd, call.path);
  if (const auto inode = inode_of(call.path, "socket:[")) return blocking_socket_peer(thread.pid, *call.fd, *inode);
  return {};
}

}  // namespace loopscope::monitor
