// SPDX-License-Identifier: MIT

#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "../limits.hpp"
#include "head_scanner.hpp"
#include "input_buffer.hpp"
#include "request.hpp"

namespace loopscope::http {

/// Beast's parser, filling a request in place: fields become views instead of a list of allocations.
///
/// Lifetime: one request; `into` and the bytes of the header outlive it.
class head_parser final : public boost::beast::http::basic_parser<true> {
 public:
  head_parser(request& into, std::uint64_t max_body_bytes);

 private:
  using text = boost::beast::string_view;
  using chunk_size = std::uint64_t;

  void on_request_impl(verb method, text method_text, text target, int version, error_code& ec) override;
  void on_response_impl(int, text, int, error_code&) override {}
  void on_field_impl(field id, text name, text value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) override;
  std::size_t on_body_impl(text piece, error_code& ec) override;
  void on_chunk_header_impl(chunk_size, text, error_code& ec) override { ec = {}; }
  std::size_t on_chunk_body_impl(chunk_size remaining, text piece, error_code& ec) override;
  void on_finish_impl(error_code& ec) override { ec = {}; }

  request& request_;
  bool in_body_ = false;
};

/// Turns the bytes of a connection into requests, one after the other. Knows no socket.
///
/// After `refused`, nothing more may be read as a request from the same bytes: where the next one begins is
/// in doubt.
class request_reader {
 public:
  enum class outcome {
    need_more,
    send_continue,  ///< the client waits for "100 Continue" before it sends its body; call next() again
    ready,          ///< message() is complete; take_next() when it has been answered
    refused         ///< reason() says what to answer
  };
  enum class stage { between, head, body, ready };

  explicit request_reader(const limits& bounds) noexcept : limits_(&bounds), scanner_(bounds) {}

  outcome next(input_buffer& in);
  void take_next() noexcept;

  stage where() const noexcept { return stage_; }
  request& message() noexcept { return message_; }
  const request& message() const noexcept { return message_; }
  bool keep_alive() const noexcept { return facts_.keep_alive; }
  const refusal& reason() const noexcept { return reason_; }
  /// The request is a HEAD, as far as its bytes tell, valid or not: its answer has no body.
  bool asks_for_head() const noexcept { return asks_for_head_; }
  /// The parameter that a refusal is about.
  const std::optional<parameter>& refused_parameter() const noexcept { return malformed_parameter_; }

 private:
  outcome read_head(input_buffer& in);
  outcome read_body(input_buffer& in);
  refusal judge(const error_code& parse_error);
  refusal take_target();
  outcome refuse(refusal why) noexcept;

  const limits* limits_;
  head_scanner scanner_;
  std::optional<head_parser> parser_;
  request message_;
  head_facts facts_;
  refusal reason_;
  std::optional<parameter> malformed_parameter_;
  stage stage_ = stage::between;
  bool asks_for_head_ = false;
};

}  // namespace loopscope::http
