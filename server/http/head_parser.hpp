#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>

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

}  // namespace loopscope::http
