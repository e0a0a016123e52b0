// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/serve/connection_fsm.hpp"

namespace loopscope::http::test {

/// A response as RFC 9112 allows it and no other.
struct parsed_response {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const;  ///< empty if there is none
};

/// A client of one connection_fsm without sockets: it delivers bytes as reads would, and collects what is sent.
/// Handlers run on an io_context of its own and must not wait for anything.
class memory_client {
 public:
  explicit memory_client(const router& routes, const limits& bounds = {});

  /// Delivers the bytes in pieces of at most `piece` bytes. What a paused or closed connection does not read is lost.
  void send(std::string_view bytes, std::size_t piece = static_cast<std::size_t>(-1));
  void half_close();

  /// Takes the next response from what was sent. Throws std::runtime_error if it is malformed or incomplete.
  parsed_response receive(bool headless = false);
  bool has_more() const noexcept { return taken_ < output_.size(); }
  /// The connection lingers or is closed: it answers nothing any more.
  bool has_ended() const noexcept { return ended_; }

 private:
  void perform(connection_fsm::action next);
  connection_fsm::action run_handler();
  std::string take(std::size_t bytes);

  observer silent_;
  fsm_context context_;
  connection_fsm fsm_;
  asio::io_context loop_{1};
  std::string output_;
  std::size_t taken_ = 0;  // of output_
  bool ended_ = false;
};

}  // namespace loopscope::http::test
