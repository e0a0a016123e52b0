// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "../types.hpp"
#include "head_rules.hpp"
#include "target.hpp"

namespace loopscope::http {

/// Whether the client of a request is still there. The stop state is made on demand: most requests are
/// answered before anyone could ask, and it costs an allocation.
///
/// Threads: one loop; the token that token() returns may be asked and waited on from anywhere.
class client_presence {
 public:
  std::stop_token token() {
    if (!source_) {
      source_.emplace();
      if (gone_) source_->request_stop();
    }
    return source_->get_token();
  }
  /// Callbacks on the token run before this returns.
  void leave() {
    gone_ = true;
    if (source_) source_->request_stop();
  }
  void reset() noexcept {
    source_.reset();
    gone_ = false;
  }

 private:
  std::optional<std::stop_source> source_;
  bool gone_ = false;
};

/// A complete and valid request.
///
/// Every view that it hands out is valid until the handler has answered.
/// Threads: the loop that took it. Lifetime: the connection's; it outlives the handler's coroutine.
class request {
 public:
  request() = default;
  request(request&&) = default;
  request& operator=(request&&) = default;

  /// Unique in this process, and never 0.
  std::uint64_t id() const noexcept { return id_; }
  verb method() const noexcept { return method_; }
  std::string_view method_text() const noexcept { return method_text_; }
  /// As it was sent: never put it into a file name, header or log line without escaping.
  std::string_view target() const noexcept { return target_; }
  /// Percent-decoded; may hold any byte.
  std::string_view path() const noexcept { return path_is_decoded_ ? std::string_view(decoded_path_) : raw_path_; }
  std::string_view raw_query() const noexcept { return raw_query_; }
  std::span<const parameter> parameters() const noexcept { return parameters_; }
  /// The Host header, or the authority of an absolute target. Empty only in HTTP/1.0.
  std::string_view host() const noexcept { return host_; }
  std::span<const header> headers() const noexcept { return headers_; }
  /// The first header of that name.
  std::optional<std::string_view> find(field name) const noexcept;
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::string_view body() const noexcept { return body_; }
  const tcp::endpoint& peer() const noexcept { return peer_; }
  bool http_1_1() const noexcept { return http_1_1_; }
  /// The memory that it takes beside its own size.
  std::size_t held_bytes() const noexcept {
    // What is decoded is no longer than it was.
    const auto decoded = decoded_path_.capacity() + parameters_.capacity() * sizeof(parameter) + raw_query_.size();
    return head_.capacity() + body_.capacity() + headers_.capacity() * sizeof(header) + decoded;
  }

  /// Asked to stop when the client disconnects, resets or half-closes, or the server aborts, while the
  /// handler is suspended. Callbacks run on the loop. Call this on the loop only, and only when needed: it
  /// allocates.
  std::stop_token client_gone() const { return presence_.token(); }

 private:
  friend class head_parser;
  friend class request_reader;
  friend class connection_fsm;
  void clear() noexcept;

  std::uint64_t id_ = 0;
  std::vector<char> head_;  // what the views point into; a vector keeps its address when moved
  std::vector<header> headers_;
  verb method_ = verb::unknown;
  bool http_1_1_ = true;
  bool path_is_decoded_ = false;
  std::string_view method_text_;
  std::string_view target_;
  std::string_view raw_path_;
  std::string_view raw_query_;
  std::string_view host_;
  std::string decoded_path_;
  std::vector<parameter> parameters_;
  std::string body_;
  tcp::endpoint peer_;
  mutable client_presence presence_;
};

}  // namespace loopscope::http
