// SPDX-License-Identifier: MIT

#include "request_reader.hpp"

#include <algorithm>
#include <atomic>
#include <boost/beast/http/error.hpp>
#include <boost/url/pct_string_view.hpp>
#include <limits>

#include "target.hpp"

namespace loopscope::http {
namespace {

// A length is only a claim: what is longer takes memory as it comes.
constexpr std::uint64_t reserved_body_bytes = 64 * 1024;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

using parse_failure = boost::beast::http::error;

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// A chunk's header and the trailers are lines, for whose end the parser would wait until the time is over.
bool has_broken_line_end(std::string_view lines) {
  for (auto at = lines.find_first_of("\r\n"); at != std::string_view::npos; at = lines.find_first_of("\r\n", at + 2)) {
    if (at + 1 == lines.size()) return lines[at] == '\n';
    if (lines[at] != '\r' || lines[at + 1] != '\n') return true;
  }
  return false;
}

// Beast 1.81 asserts when a last chunk without another before it has come as far as its first line's end, and then
// comes again with less than the whole.
bool is_part_of_lone_last_chunk(std::string_view bytes) {
  constexpr std::string_view shortest = "0\r\n\r\n";
  return bytes.size() < shortest.size() && bytes.starts_with(shortest.substr(0, 3)) && !has_broken_line_end(bytes);
}

refusal describe(const error_code& ec) {
  if (ec == parse_failure::body_limit) return {413, "The request body is too large."};
  if (ec == parse_failure::bad_version) return {400, "The HTTP version is malformed."};
  if (ec == parse_failure::bad_method) return {400, "The method is malformed."};
  if (ec == parse_failure::bad_target) return {400, "The request target is malformed."};
  if (ec == parse_failure::bad_field) return {400, "A header field's name is malformed."};
  if (ec == parse_failure::bad_value) return {400, "A header field's value is malformed."};
  if (ec == parse_failure::bad_content_length || ec == parse_failure::multiple_content_length) {
    return {400, "Content-Length is malformed or contradicts another header."};
  }
  if (ec == parse_failure::bad_transfer_encoding) return {400, "Transfer-Encoding contradicts another header."};
  if (ec == parse_failure::bad_chunk || ec == parse_failure::bad_chunk_extension) {
    return {400, "The chunked body is malformed."};
  }
  return {400, "The request is malformed."};
}

}  // namespace

head_parser::head_parser(request& into, std::uint64_t max_body_bytes) : request_(into) {
  eager(true);
  body_limit(max_body_bytes);
  header_limit(std::numeric_limits<std::uint32_t>::max());  // head_scanner has judged the size
}

void head_parser::on_request_impl(verb method, text method_text, text target, int version, error_code& ec) {
  request_.method_ = method;
  request_.method_text_ = view(method_text);
  request_.target_ = view(target);
  request_.http_1_1_ = version == 11;
  ec = {};
}

void head_parser::on_field_impl(field id, text name, text value, error_code& ec) {
  // Trailers may not change what the header said, and their bytes do not outlive this call.
  if (!in_body_) request_.headers_.push_back({id, view(name), view(value)});
  ec = {};
}

void head_parser::on_header_impl(error_code& ec) {
  in_body_ = true;
  ec = {};
}

void head_parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code& ec) {
  if (length) request_.body_.reserve(std::min(*length, reserved_body_bytes));
  ec = {};
}

std::size_t head_parser::on_body_impl(text piece, error_code& ec) {
  request_.body_.append(piece.data(), piece.size());
  ec = {};
  return piece.size();
}

std::size_t head_parser::on_chunk_body_impl(chunk_size, text piece, error_code& ec) {
  return on_body_impl(piece, ec);
}

request_reader::outcome request_reader::next(input_buffer& in) {
  switch (stage_) {
    case stage::between:
    case stage::head:
      return read_head(in);
    case stage::body:
      return read_body(in);
    case stage::ready:
      break;
  }
  return outcome::ready;
}

request_reader::outcome request_reader::read_head(input_buffer& in) {
  if (stage_ == stage::between) {
    // RFC 9112, 2.2: a robust server ignores empty lines before a request.
    while (in.data().starts_with("\r\n")) in.consume(2);
    if (in.empty() || in.data() == "\r") return outcome::need_more;
    stage_ = stage::head;
  }
  asks_for_head_ = in.data().starts_with("HEAD ");
  switch (scanner_.scan(in.data())) {
    case head_scanner::state::need_more:
      return outcome::need_more;
    case head_scanner::state::refused:
      return refuse(scanner_.reason());
    case head_scanner::state::complete:
      break;
  }
  const auto head = in.data().substr(0, scanner_.head_size());
  message_.head_.assign(head.begin(), head.end());
  in.consume(head.size());

  error_code parse_error;
  parser_.emplace(message_, limits_->max_body_bytes);
  parser_->put({message_.head_.data(), message_.head_.size()}, parse_error);
  // An eager parser asks for the body that it has not been given.
  if (parse_error == parse_failure::need_more && parser_->is_header_done()) parse_error = {};
  if (const auto wrong = judge(parse_error)) return refuse(wrong);

  message_.id_ = next_id();
  if (parser_->is_done()) {
    stage_ = stage::ready;
    return outcome::ready;
  }
  stage_ = stage::body;
  if (facts_.expects_continue && in.empty()) return outcome::send_continue;
  return read_body(in);
}

refusal request_reader::judge(const error_code& parse_error) {
  if (parse_error) return describe(parse_error);
  facts_ = judge_head(message_.headers_, message_.http_1_1_);
  if (facts_.wrong) return facts_.wrong;
  message_.host_ = facts_.host;
  if (message_.target_.size() > limits_->max_target_bytes) return {414, "The request target is too long."};
  return take_target();
}

refusal request_reader::take_target() {
  const auto parts = parse_target(message_.target_);
  if (!parts) return {400, "The request target is malformed."};
  if (parts->kind == target_parts::form::asterisk && message_.method_ != verb::options) {
    return {400, "The request target * belongs to OPTIONS."};
  }
  if (parts->kind == target_parts::form::absolute) {
    if (!valid_host(parts->authority)) return {400, "The host of the request target is malformed."};
    message_.host_ = parts->authority;
  }
  message_.raw_path_ = parts->path;
  message_.raw_query_ = parts->query;
  if (parts->path.find('%') != std::string_view::npos) {
    const auto encoded = boost::urls::make_pct_string_view(parts->path);
    if (!encoded) return {400, "The request target is malformed."};
    message_.decoded_path_ = encoded->decode();
    message_.path_is_decoded_ = true;
  }
  if (!parts->query.empty()) {
    auto query = parse_query(parts->query);
    malformed_parameter_ = std::move(query.malformed);
    if (malformed_parameter_) return {400, "A query parameter is not valid percent-encoded text."};
    message_.parameters_ = std::move(query.list);
  }
  return {};
}

request_reader::outcome request_reader::read_body(input_buffer& in) {
  while (!in.empty()) {
    error_code ec;
    const auto bytes = in.data();
    if (facts_.chunked && message_.body_.empty() && is_part_of_lone_last_chunk(bytes)) return outcome::need_more;
    const auto used = parser_->put({bytes.data(), bytes.size()}, ec);
    in.consume(used);
    if (ec && ec != parse_failure::need_more) return refuse(describe(ec));
    if (parser_->is_done()) {
      stage_ = stage::ready;
      return outcome::ready;
    }
    if (used == 0) {
      // What the parser cannot use in pieces is a chunk's header or the trailers.
      if (has_broken_line_end(bytes)) return refuse({400, "A line of the chunked body does not end with CR LF."});
      return in.full() ? refuse({400, "A chunk header or the trailers are too long."}) : outcome::need_more;
    }
  }
  return outcome::need_more;
}

request_reader::outcome request_reader::refuse(refusal why) noexcept {
  reason_ = why;
  return outcome::refused;
}

void request_reader::take_next() noexcept {
  stage_ = stage::between;
  scanner_.reset();
  parser_.reset();
  message_.clear();
  malformed_parameter_.reset();
}

}  // namespace loopscope::http
