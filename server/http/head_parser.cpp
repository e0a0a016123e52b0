#include "head_parser.hpp"

#include <algorithm>
#include <limits>

namespace loopscope::http {
namespace {

// A length is only a claim: what is longer takes memory as it comes.
constexpr std::uint64_t reserved_body_bytes = 64 * 1024;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
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

}  // namespace loopscope::http
