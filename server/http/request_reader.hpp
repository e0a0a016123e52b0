#pragma once

#include <optional>
#include <string>

#include "head_parser.hpp"
#include "head_scanner.hpp"
#include "input_buffer.hpp"
#include "limits.hpp"
#include "request.hpp"

namespace loopscope::http {

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
