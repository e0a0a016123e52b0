// SPDX-License-Identifier: MIT

#pragma once

#include <stop_token>
#include <string_view>

#include "types.hpp"

namespace loopscope::http {

class connection;

/// Where a streaming answer writes its body, for instance server-sent events.
///
/// Each write has limits::write_timeout to get on: a subscriber that does not read is dropped.
/// Errors: that of the socket; after one, every later write returns an error too.
/// Threads: the connection's loop. Lifetime: until the function that was given it returns.
class body_stream {
 public:
  explicit body_stream(connection& to) noexcept : connection_(to) {}
  body_stream(const body_stream&) = delete;
  body_stream& operator=(const body_stream&) = delete;

  /// Completes when the kernel has taken it. `data` must live until then.
  task<error_code> write(std::string_view data);
  /// Asked to stop when the client has gone or the server shuts down: return then. Callbacks run on the loop.
  std::stop_token closing() const;

 private:
  connection& connection_;
};

}  // namespace loopscope::http
