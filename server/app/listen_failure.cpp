// SPDX-License-Identifier: MIT

#include "listen_failure.hpp"

#include <boost/asio/error.hpp>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "server/support/standard_streams.hpp"
#include "writers/system/number.hpp"

namespace loopscope::app {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;

constexpr std::string_view listening = "0A";

/// The kernel prints an address as hexadecimal words of 32 bits in the byte order of the machine.
template <class Address>
std::optional<Address> parse_hex_address(std::string_view text) {
  typename Address::bytes_type bytes;
  if (text.size() != 2 * bytes.size()) return std::nullopt;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint32_t)) {
    std::uint32_t word = 0;
    const auto* begin = text.data() + 2 * at;
    const auto [end, error] = std::from_chars(begin, begin + 8, word, 16);
    if (error != std::errc{} || end != begin + 8) return std::nullopt;
    std::memcpy(&bytes[at], &word, sizeof word);
  }
  return Address{bytes};
}

std::optional<tcp::endpoint> parse_hex_endpoint(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port_text = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port, 16);
  if (parsed.ec != std::errc{}) return std::nullopt;
  if (const auto v4 = parse_hex_address<asio::ip::address_v4>(text.substr(0, colon))) return tcp::endpoint{*v4, port};
  if (const auto v6 = parse_hex_address<asio::ip::address_v6>(text.substr(0, colon))) return tcp::endpoint{*v6, port};
  return std::nullopt;
}

/// Whether both cannot be bound at once. Of IPv6, :: takes the IPv4 addresses too.
bool collide(const tcp::endpoint& one, const tcp::endpoint& other) {
  if (one.port() != other.port()) return false;
  return one.address() == other.address() || one.address().is_unspecified() || other.address().is_unspecified();
}

/// The users of the listening sockets in one table of the kernel, by inode.
void blocking_read_listeners(const fs::path& table, const tcp::endpoint& address,
                             std::map<std::string, uid_t>& users_by_socket) {
  std::ifstream lines{table};
  std::string line;
  std::getline(lines, line);  // titles
  while (std::getline(lines, line)) {
    std::istringstream fields{line};
    std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    fields >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    if (!fields || state != listening) continue;
    const auto bound = parse_hex_endpoint(local);
    const auto uid = system::parse_number<uid_t>(user);
    if (bound && uid && collide(*bound, address)) users_by_socket["socket:[" + inode + "]"] = *uid;
  }
}

std::string blocking_read_line(const fs::path& file) {
  std::ifstream in{file};
  std::string line;
  std::getline(in, line);
  return line;
}

/// Which of the sockets the process has; end() if none, or if it may not be looked into.
auto blocking_find_socket(const fs::path& process, const std::map<std::string, uid_t>& sockets) {
  std::error_code error;
  for (fs::directory_iterator each{process / "fd", error}, end; !error && each != end; each.increment(error)) {
    std::error_code closed;
    const auto found = sockets.find(fs::read_symlink(each->path(), closed).string());
    if (!closed && found != sockets.end()) return found;
  }
  return sockets.end();
}

}  // namespace

std::optional<port_holder> blocking_find_port_holder(const tcp::endpoint& address, const fs::path& proc) {
  std::map<std::string, uid_t> sockets;
  for (const char* table : {"tcp", "tcp6"}) blocking_read_listeners(proc / "net" / table, address, sockets);
  if (sockets.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator each{proc, error}, end; !error && each != end; each.increment(error)) {
    const auto pid = system::parse_number<pid_t>(each->path().filename().string());
    if (!pid) continue;
    const auto found = blocking_find_socket(each->path(), sockets);
    if (found != sockets.end()) return port_holder{found->second, *pid, blocking_read_line(each->path() / "comm")};
  }
  return port_holder{sockets.begin()->second, std::nullopt, {}};
}

std::string blocking_explain_listen_failure(const config::listen_address& address, std::string_view flag,
                                            const boost::system::error_code& error) {
  std::string text = "cannot listen on " + address.text() + " (" + std::string{flag} + "): " + error.message();
  if (error != asio::error::address_in_use) return text;
  if (const auto holder = blocking_find_port_holder({asio::ip::make_address(address.host), address.port}))
    text += holder->pid
                ? " by " + escape_control_characters(holder->name) + " (process " + std::to_string(*holder->pid) + ")"
                : " by a process of user " + std::to_string(holder->user);
  return text + "; choose another with " + std::string{flag} + " HOST:PORT, where port 0 is any free one";
}

}  // namespace loopscope::app
