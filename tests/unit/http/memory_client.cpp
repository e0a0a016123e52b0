// SPDX-License-Identifier: MIT

#include "memory_client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cctype>
#include <cstring>
#include <stdexcept>

namespace loopscope::http::test {
namespace {

void require(bool condition, std::string_view text) {
  if (!condition) throw std::runtime_error("not a response: " + std::string(text));
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalpha(c) != 0 || c == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

std::string parsed_response::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

memory_client::memory_client(const router& routes, const limits& bounds)
    : context_{routes, bounds, silent_}, fsm_(context_, 0, {}, {}) {
  perform(fsm_.opened());
}

void memory_client::send(std::string_view bytes, std::size_t piece) {
  while (!bytes.empty() && fsm_.is_open()) {
    const auto room = fsm_.input().prepare();
    const auto part = bytes.substr(0, std::min(piece, room.size()));
    if (part.empty()) return;
    std::memcpy(room.data(), part.data(), part.size());
    fsm_.input().commit(part.size());
    bytes.remove_prefix(part.size());
    perform(fsm_.received(part.size()));
  }
}

void memory_client::half_close() {
  if (fsm_.is_open()) perform(fsm_.peer_closed(true));
}

void memory_client::perform(connection_fsm::action next) {
  using action = connection_fsm::action;
  for (;;) {
    switch (next) {
      case action::wait:
      case action::read:
        return;
      case action::send:
        output_ += context_.out;
        next = fsm_.sent(context_.out.size(), false);
        break;
      case action::run_handler:
        next = run_handler();
        break;
      case action::yield:
        next = fsm_.resumed();
        break;
      case action::linger:
        ended_ = true;
        return;
      case action::close:
      case action::reset:
        ended_ = true;
        fsm_.disconnected();
        return;
      case action::send_rest:
      case action::run_stream:
        throw std::logic_error("this client reads everything at once and streams nothing");
    }
  }
}

connection_fsm::action memory_client::run_handler() {
  std::optional<response> answer;
  asio::co_spawn(loop_, fsm_.current_route().handle(fsm_.request()),
                 [&answer](const std::exception_ptr& failure, response made) {
                   if (failure) std::rethrow_exception(failure);
                   answer = std::move(made);
                 });
  loop_.restart();
  loop_.run();
  return fsm_.responded(std::move(answer.value()));
}

parsed_response memory_client::receive(bool headless) {
  parsed_response parsed;
  const auto take_line = [this] {
    const auto end = output_.find("\r\n", taken_);
    require(end != std::string::npos, std::string_view(output_).substr(taken_));
    auto line = take(end + 2 - taken_);
    line.resize(line.size() - 2);
    return line;
  };
  const auto start = take_line();
  require(start.size() > 13 && start.starts_with("HTTP/1.1 ") && start[12] == ' ' && is_printable(start), start);
  parsed.status = std::stoi(start.substr(9, 3));
  for (auto line = take_line(); !line.empty(); line = take_line()) {
    const auto colon = line.find(": ");
    require(colon != std::string::npos && is_name(line.substr(0, colon)) && is_printable(line), line);
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    require(parsed.headers.emplace(name, line.substr(colon + 2)).second, "repeated " + line);
  }
  if (headless || parsed.status < 200 || parsed.status == 204) return parsed;
  parsed.body = take(std::stoul(parsed.header("content-length")));
  return parsed;
}

std::string memory_client::take(std::size_t bytes) {
  require(bytes <= output_.size() - taken_, std::string_view(output_).substr(taken_));
  taken_ += bytes;
  return output_.substr(taken_ - bytes, bytes);
}

}  // namespace loopscope::http::test
