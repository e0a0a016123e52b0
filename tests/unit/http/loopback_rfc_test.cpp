// Requests as they come over the wire, and what must come back. Source: RFC 9110 and 9112.

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "test_server.hpp"

namespace loopscope::http {
namespace {

enum class then { closes, stays };

struct rfc_case {
  const char* name;
  std::string bytes;
  int status;
  then after;
  friend void PrintTo(const rfc_case& each, std::ostream* out) { *out << each.name; }
};

const std::string host = "Host: x\r\n";
const std::string get = "GET /hello HTTP/1.1\r\n" + host;
const std::string post = "POST /echo HTTP/1.1\r\n" + host;
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";

const std::vector<rfc_case>& cases() {
  static const std::vector<rfc_case> all = {
      {"plain_get", get + "\r\n", 200, then::stays},
      {"head_like_target", "GET /hello?a=b HTTP/1.1\r\n" + host + "\r\n", 200, then::stays},
      {"encoded_path", "GET /%68ello HTTP/1.1\r\n" + host + "\r\n", 200, then::stays},
      {"lower_case_header_name", "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n", 200, then::stays},
      {"empty_lines_first", "\r\n\r\n" + get + "\r\n", 200, then::stays},
      {"no_space_after_colon", "GET /hello HTTP/1.1\r\nHost:x\r\n\r\n", 200, then::stays},
      {"space_around_value", "GET /hello HTTP/1.1\r\nHost: \t x \t \r\n\r\n", 200, then::stays},
      {"empty_value", get + "X-A:\r\n\r\n", 200, then::stays},
      {"obs_text_in_value", get + "X-A: \xe4\r\n\r\n", 200, then::stays},
      {"host_with_port", "GET /hello HTTP/1.1\r\nHost: x:8080\r\n\r\n", 200, then::stays},
      {"host_v6", "GET /hello HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200, then::stays},
      {"connection_close", get + "Connection: close\r\n\r\n", 200, then::closes},
      {"connection_close_in_list", get + "Connection: foo, Close\r\n\r\n", 200, then::closes},
      {"http_1_0", "GET /hello HTTP/1.0\r\n\r\n", 200, then::closes},
      {"http_1_0_keep_alive", "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, then::stays},
      {"absolute_form", "GET http://x/hello HTTP/1.1\r\n" + host + "\r\n", 200, then::stays},
      {"absolute_form_other_host", "GET http://y:1/hello HTTP/1.1\r\n" + host + "\r\n", 200, then::stays},
      {"absolute_form_without_host", "GET http://x/hello HTTP/1.1\r\n\r\n", 400, then::closes},
      {"absolute_form_bad_scheme", "GET gopher://x/hello HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"options_all", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 204, then::stays},
      {"options_path", "OPTIONS /hello HTTP/1.1\r\n" + host + "\r\n", 204, then::stays},
      {"asterisk_of_get", "GET * HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"unknown_path", "GET /nope HTTP/1.1\r\n" + host + "\r\n", 404, then::stays},
      {"dot_segments", "GET /../hello HTTP/1.1\r\n" + host + "\r\n", 404, then::stays},
      {"nul_in_path", "GET /hello%00 HTTP/1.1\r\n" + host + "\r\n", 404, then::stays},
      {"known_method_not_here", "DELETE /hello HTTP/1.1\r\n" + host + "\r\n", 405, then::stays},
      {"trace", "TRACE /hello HTTP/1.1\r\n" + host + "\r\n", 405, then::stays},
      {"connect", "CONNECT x:80 HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"unknown_method", "BREW /hello HTTP/1.1\r\n" + host + "\r\n", 501, then::stays},
      {"lower_case_method", "get /hello HTTP/1.1\r\n" + host + "\r\n", 501, then::stays},
      {"missing_host", "GET /hello HTTP/1.1\r\n\r\n", 400, then::closes},
      {"repeated_host", get + host + "\r\n", 400, then::closes},
      {"repeated_host_differs", get + "Host: y\r\n\r\n", 400, then::closes},
      {"empty_host", "GET /hello HTTP/1.1\r\nHost:\r\n\r\n", 400, then::closes},
      {"host_with_space", "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n", 400, then::closes},
      {"host_with_path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, then::closes},
      {"host_with_user", "GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, then::closes},
      {"host_with_comma", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, then::closes},
      {"host_with_bad_port", "GET /hello HTTP/1.1\r\nHost: x:99999\r\n\r\n", 400, then::closes},
      {"version_2", "GET /hello HTTP/2.0\r\n" + host + "\r\n", 505, then::closes},
      {"version_1_2", "GET /hello HTTP/1.2\r\n" + host + "\r\n", 505, then::closes},
      {"version_0_9", "GET /hello\r\n", 400, then::closes},
      {"version_garbled", "GET /hello HTTP/x.y\r\n" + host + "\r\n", 400, then::closes},
      {"version_lower_case", "GET /hello http/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"version_long", "GET /hello HTTP/1.11\r\n" + host + "\r\n", 400, then::closes},
      {"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, then::closes},
      {"tls_hello", std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 11), 400, then::closes},
      {"two_spaces", "GET  /hello HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"tab_separator", "GET\t/hello HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"leading_space", " GET /hello HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"no_target", "GET HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"relative_target", "GET hello HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"fragment", "GET /hello#x HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"fragment_in_query", "GET /hello?a#x HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"bad_percent_in_path", "GET /hel%zz HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"bad_percent_in_query", "GET /query?a=%2 HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"control_in_target", "GET /hel\x01lo HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"utf8_in_target", "GET /h\xc3\xa9 HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"method_with_separator", "G(T /hello HTTP/1.1\r\n" + host + "\r\n", 400, then::closes},
      {"space_before_colon", get + "X-A : b\r\n\r\n", 400, then::closes},
      {"tab_before_colon", get + "X-A\t: b\r\n\r\n", 400, then::closes},
      {"space_before_colon_of_length", post + "Content-Length : 3\r\n\r\nabc", 400, then::closes},
      {"no_colon", get + "nonsense\r\n\r\n", 400, then::closes},
      {"empty_name", get + ": b\r\n\r\n", 400, then::closes},
      {"name_with_space", get + "X A: b\r\n\r\n", 400, then::closes},
      {"name_with_obs_text", get + "X\xe4: b\r\n\r\n", 400, then::closes},
      {"folded_with_space", get + "X-A: b\r\n c\r\n\r\n", 400, then::closes},
      {"folded_with_tab", get + "X-A: b\r\n\tc\r\n\r\n", 400, then::closes},
      {"folded_first_line", "GET /hello HTTP/1.1\r\n Host: x\r\n\r\n", 400, then::closes},
      {"bare_lf_after_line", "GET /hello HTTP/1.1\n" + host + "\r\n", 400, then::closes},
      {"bare_lf_after_header", "GET /hello HTTP/1.1\r\nHost: x\n\r\n", 400, then::closes},
      {"bare_lf_at_end", get + "\n", 400, then::closes},
      {"bare_cr_in_value", get + "X-A: b\rc\r\n\r\n", 400, then::closes},
      {"bare_cr_before_crlf", get + "X-A: b\r\r\n\r\n", 400, then::closes},
      {"bare_cr_unfinished", get + "X-A: b\rX", 400, then::closes},
      {"nul_in_value", get + std::string("X-A: b\0c\r\n\r\n", 13), 400, then::closes},
      {"nul_in_name", get + std::string("X\0A: b\r\n\r\n", 11), 400, then::closes},
      {"delete_in_value", get + "X-A: b\x7f\r\n\r\n", 400, then::closes},
      {"control_in_value", get + "X-A: b\x0b\r\n\r\n", 400, then::closes},
      {"length", post + "Content-Length: 3\r\n\r\nabc", 200, then::stays},
      {"length_zero", post + "Content-Length: 0\r\n\r\n", 200, then::stays},
      {"length_of_get", get + "Content-Length: 3\r\n\r\nabc", 200, then::stays},
      {"length_leading_zero", post + "Content-Length: 003\r\n\r\nabc", 200, then::stays},
      {"no_length", post + "\r\n", 200, then::stays},
      {"length_plus", post + "Content-Length: +3\r\n\r\nabc", 400, then::closes},
      {"length_minus", post + "Content-Length: -3\r\n\r\nabc", 400, then::closes},
      {"length_hex", post + "Content-Length: 0x3\r\n\r\nabc", 400, then::closes},
      {"length_empty", post + "Content-Length:\r\n\r\n", 400, then::closes},
      {"length_text", post + "Content-Length: three\r\n\r\nabc", 400, then::closes},
      {"length_with_space", post + "Content-Length: 3 3\r\n\r\nabc", 400, then::closes},
      {"length_list", post + "Content-Length: 3, 3\r\n\r\nabc", 400, then::closes},
      {"length_overflow", post + "Content-Length: 18446744073709551616\r\n\r\n", 400, then::closes},
      {"length_huge", post + "Content-Length: 9223372036854775807\r\n\r\n", 413, then::closes},
      {"length_repeated", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400, then::closes},
      {"length_differs", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400, then::closes},
      {"length_then_coding", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       then::closes},
      {"coding_then_length", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400,
       then::closes},
      {"unknown_coding", post + "Transfer-Encoding: gzip\r\n\r\n", 501, then::closes},
      {"unknown_coding_then_chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, then::closes},
      {"identity_coding", post + "Transfer-Encoding: identity\r\n\r\n", 501, then::closes},
      {"chunked_not_last", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 400, then::closes},
      {"chunked_twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400, then::closes},
      {"coding_repeated", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, then::closes},
      {"coding_hidden", post + "Transfer-Encoding: xchunked\r\n\r\n", 501, then::closes},
      {"coding_vertical_tab",
       post + "Transfer-Encoding: \x0b"
              "chunked\r\n\r\n",
       400, then::closes},
      {"coding_quoted", post + "Transfer-Encoding: \"chunked\"\r\n\r\n", 400, then::closes},
      {"coding_in_1_0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, then::closes},
      {"chunks", chunked + "3\r\nabc\r\n0\r\n\r\n", 200, then::stays},
      {"chunks_upper_hex", chunked + "A\r\n0123456789\r\n0\r\n\r\n", 200, then::stays},
      {"chunk_extension", chunked + "3;a=b;c=\"d\"\r\nabc\r\n0\r\n\r\n", 200, then::stays},
      {"chunk_leading_zeros", chunked + "0003\r\nabc\r\n000\r\n\r\n", 200, then::stays},
      {"trailer", chunked + "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n", 200, then::stays},
      {"trailer_length", chunked + "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n", 400, then::closes},
      {"chunk_size_text", chunked + "x\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_size_empty", chunked + "\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_size_plus", chunked + "+3\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_size_minus", chunked + "-3\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_size_prefix", chunked + "0x3\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_size_overflow", chunked + "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_size_huge", chunked + "FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", 413, then::closes},
      {"chunk_bare_lf", chunked + "3\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_data_too_long", chunked + "3\r\nabcd\r\n0\r\n\r\n", 400, then::closes},
      {"chunk_data_bare_lf", chunked + "3\r\nabc\n0\r\n\r\n", 400, then::closes},
      {"chunks_end_with_bare_lf", chunked + "3\r\nabc\r\n0\r\n\n", 400, then::closes},
      {"trailer_bare_lf", chunked + "0\r\nX-A: b\n\r\n", 400, then::closes},
      {"chunk_extension_bare_cr", chunked + "3;a\rb\r\nabc\r\n0\r\n\r\n", 400, then::closes},
      {"expect_unknown", post + "Expect: tea\r\nContent-Length: 3\r\n\r\nabc", 417, then::closes},
      {"expect_ignored_in_1_0", "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 200,
       then::closes},
      {"continue_with_the_body_there", post + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 200, then::stays},
      {"target_too_long", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414, then::closes},
      {"target_without_end", "GET /" + std::string(9000, 'a'), 414, then::closes},
      {"header_too_large", get + "X-A: " + std::string(17000, 'a') + "\r\n\r\n", 431, then::closes},
      {"header_without_end", get + "X-A: " + std::string(17000, 'a'), 431, then::closes},
      {"long_but_fine", get + "X-A: " + std::string(12000, 'a') + "\r\n\r\n", 200, then::stays},
      {"body_too_large", post + "Content-Length: 70000\r\n\r\n" + std::string(70000, 'a'), 413, then::closes},
      {"cross_site_where_refused", "GET /query HTTP/1.1\r\n" + host + "Sec-Fetch-Site: cross-site\r\n\r\n", 403,
       then::stays},
      {"handler_throws", "GET /throws HTTP/1.1\r\n" + host + "\r\n", 500, then::stays},
  };
  return all;
}

class loopback_rfc : public testing::TestWithParam<rfc_case> {};

TEST_P(loopback_rfc, is_answered_and_poisons_nothing) {
  const auto& [name, bytes, status, after] = GetParam();
  const test::test_server server;
  auto client = server.connect();
  // A second request behind the first: it must be served on a connection that stays, and only there.
  const auto next = "GET /query?second=1 HTTP/1.1\r\n" + host + "\r\n";
  client.send(bytes + (after == then::stays ? next : ""));
  const auto answer = client.receive();
  EXPECT_EQ(answer.status, status);
  EXPECT_TRUE(answer.has("\r\ndate: "));
  EXPECT_TRUE(answer.has("\r\nserver: "));
  EXPECT_EQ(answer.has("\r\nconnection: close\r\n"), after == then::closes);
  if (after == then::stays) {
    EXPECT_EQ(client.receive().body, "[second=1]");
  } else {
    client.send(next);
    EXPECT_TRUE(client.at_end());
    EXPECT_EQ(server.seen.ended("/query", 200), 0);
  }
}

TEST_P(loopback_rfc, is_answered_the_same_in_small_pieces) {
  const auto& [name, bytes, status, after] = GetParam();
  const auto step = std::max<std::size_t>(7, bytes.size() / 50);
  const test::test_server server;
  auto client = server.connect();
  boost::asio::ip::tcp::no_delay no_delay(true);
  client.socket().set_option(no_delay);
  for (std::size_t at = 0; at < bytes.size(); at += step) client.send(std::string_view(bytes).substr(at, step));
  auto answer = client.receive();
  if (answer.status == 100) answer = client.receive();
  EXPECT_EQ(answer.status, status);
}

INSTANTIATE_TEST_SUITE_P(cases, loopback_rfc, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace loopscope::http
