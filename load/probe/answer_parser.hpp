#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <string>

namespace loopscope::probe {

/// How the answers to one kind of request are read.
struct answer_format {
  bool has_body = true;     ///< false for HEAD, whose answer only tells of one
  bool keeps_body = false;  ///< else the body is read and dropped
};

/// Reads one answer. Keeps its status and, where wanted, its body: header fields that nobody looks at are not stored,
/// so that no field is too large to be stored.
///
/// Bounds: the header as curl has it, a body up to `largest_body_bytes`; beyond them, Beast's header_limit and
/// body_limit.
class answer_parser final : public boost::beast::http::basic_parser<false> {
 public:
  static constexpr std::uint32_t largest_header_bytes = 300u << 10;
  static constexpr std::uint64_t largest_body_bytes = 64u << 20;

  explicit answer_parser(answer_format format) : keeps_body_(format.keeps_body) {
    header_limit(largest_header_bytes);
    body_limit(largest_body_bytes);
    skip(!format.has_body);
  }

  unsigned status() const { return status_; }
  std::string& body() { return body_; }

 private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status_ = static_cast<unsigned>(code); }
  void on_field_impl(boost::beast::http::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view part, error_code&) override { return keep(part); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code&) override { return keep(part); }
  void on_finish_impl(error_code&) override {}

  std::size_t keep(string_view part) {
    if (keeps_body_) body_.append(part.data(), part.size());
    return part.size();
  }

  bool keeps_body_;
  unsigned status_ = 0;
  std::string body_;
};

}  // namespace loopscope::probe
