// SPDX-License-Identifier: MIT

#pragma once

#include <memory>

#include "server/http/router.hpp"

namespace loopscope::admin {

/// Passes on what the page asks of the data plane, for a browser that reaches the admin plane alone: /hello, /methods
/// and /write. No other path, and no other address than that of this service.
///
/// Each request has its own connection, at most `max_open` at a time (503 beyond), and 10 minutes. A client that goes
/// away takes its connection along, which cancels a write. Nothing waits but the request itself.
/// Errors: 502 if the data plane cannot be reached or its response cannot be read, 504 after the time.
/// Threads: the admin loop's. Lifetime: any; requests in progress keep what they use.
class relay {
 public:
  /// Of the requests that are passed on at a time; each uses a descriptor.
  static constexpr std::size_t max_open = 32;

  /// `data`: where the data plane listens; of a wildcard address, loopback is used.
  explicit relay(const http::tcp::endpoint& data);

  /// A handler that asks the data plane for this path, with the query of the request.
  http::handler handler(std::string path) const;

 private:
  struct target;
  std::shared_ptr<target> target_;
};

}  // namespace loopscope::admin
