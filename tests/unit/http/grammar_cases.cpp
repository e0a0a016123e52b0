// SPDX-License-Identifier: MIT

#include "grammar_cases.hpp"

#include <array>
#include <charconv>

namespace loopscope::http::test {

using namespace std::string_literals;

const std::string next_request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

namespace {

constexpr auto stays = http_case::ending::stays;
constexpr auto closes = http_case::ending::closes;

const std::string host = "Host: localhost\r\n";
const std::string get = "GET /hello HTTP/1.1\r\n" + host;
const std::string get_1_0 = "GET /hello HTTP/1.0\r\n";
const std::string post = "POST /write?method=stream&count=1 HTTP/1.1\r\n" + host;
/// In a body or behind a refused request: a response to it would be that of a smuggled request.
const std::string smuggled = "GET /healthz HTTP/1.1\r\n" + host + "\r\n";

std::string repeat(const std::string& text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::vector<int> times(int status, std::size_t count) {
  return std::vector<int>(count, status);
}

std::string hexadecimal(std::size_t number) {
  std::array<char, 16> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr};
}

std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\n" + host + "\r\n";
}

std::string with_method(const std::string& method, const std::string& path = "/hello", const std::string& fields = "") {
  return method + " " + path + " HTTP/1.1\r\n" + host + fields + "\r\n";
}

std::string with_host(const std::string& value) {
  return "GET /hello HTTP/1.1\r\nHost: " + value + "\r\n\r\n";
}

std::string with_field(const std::string& line) {
  return get + line + "\r\n\r\n";
}

std::string with_length(const std::string& value, const std::string& body = "abc") {
  return post + "Content-Length: " + value + "\r\n\r\n" + body;
}

std::string with_coding(const std::string& value, const std::string& body = "3\r\nabc\r\n0\r\n\r\n") {
  return post + "Transfer-Encoding: " + value + "\r\n\r\n" + body;
}

std::vector<http_case> hosts() {
  return {
      {"missing Host", "GET /hello HTTP/1.1\r\n\r\n", {400}, closes},
      {"repeated Host", get + host + "\r\n", {400}, closes},
      {"two different Hosts", get + "Host: other\r\n\r\n", {400}, closes},
      {"two Hosts in other letters", get + "hOST: localhost\r\n\r\n", {400}, closes},
      {"empty Host", with_host(""), {400}, closes},
      {"Host of white space", with_host(" \t "), {400}, closes},
      {"Host with a space", with_host("a b"), {400}, closes},
      {"Host with a path", with_host("a/b"), {400}, closes},
      {"Host with a user", with_host("user@localhost"), {400}, closes},
      {"Host with a list", with_host("a, b"), {400}, closes},
      {"Host with a query", with_host("a?b"), {400}, closes},
      {"Host with a backslash", with_host("a\\b"), {400}, closes},
      {"Host with markup", with_host("<script>"), {400}, closes},
      {"Host with a bad percent", with_host("a%zz"), {400}, closes},
      {"Host with a tab inside", with_host("a\tb"), {400}, closes},
      {"Host with bytes beyond ASCII", with_host("h\303\251"), {400}, closes},
      {"Host with a port of text", with_host("localhost:http"), {400}, closes},
      {"Host with a port too large", with_host("localhost:65536"), {400}, closes},
      {"Host with a negative port", with_host("localhost:-1"), {400}, closes},
      {"Host with two ports", with_host("localhost:1:2"), {400}, closes},
      {"Host that is a port alone", with_host(":8080"), {400}, closes},
      {"Host with an open bracket", with_host("[::1"), {400}, closes},
      {"Host with a bad v6 address", with_host("[::g]"), {400}, closes},
      {"Host with a v6 address", with_host("[::1]:8080"), {200}, stays},
      {"Host with a port", with_host("localhost:8080"), {200}, stays},
      {"Host with an empty port", with_host("localhost:"), {200}, stays},
      {"Host in capitals", with_host("LOCALHOST"), {200}, stays},
      {"Host padded with white space", with_host(" \tlocalhost\t "), {200}, stays},
      {"Host's name in small letters", "GET /hello HTTP/1.1\r\nhost: localhost\r\n\r\n", {200}, stays},
      {"Host without white space", "GET /hello HTTP/1.1\r\nHost:localhost\r\n\r\n", {200}, stays},
  };
}

std::vector<http_case> request_lines() {
  return {
      {"plain GET", next_request, {200}, stays},
      {"version 2.0", "GET /hello HTTP/2.0\r\n"s + host + "\r\n", {505}, closes},
      {"version 1.2", "GET /hello HTTP/1.2\r\n"s + host + "\r\n", {505}, closes},
      {"version 0.9 with a version", "GET /hello HTTP/0.9\r\n"s + host + "\r\n", {505}, closes},
      {"version 9.9", "GET /hello HTTP/9.9\r\n"s + host + "\r\n", {505}, closes},
      {"version of letters", "GET /hello HTTP/x.y\r\n"s + host + "\r\n", {400}, closes},
      {"version in lower case", "GET /hello http/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"version too long", "GET /hello HTTP/1.10\r\n"s + host + "\r\n", {400}, closes},
      {"version too short", "GET /hello HTTP/1\r\n"s + host + "\r\n", {400}, closes},
      {"version with a comma", "GET /hello HTTP/1,1\r\n"s + host + "\r\n", {400}, closes},
      {"version of another protocol", "GET /hello SIP/2.0\r\n"s + host + "\r\n", {400}, closes},
      {"HTTP/0.9", "GET /hello\r\n", {400}, closes},
      {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}, closes},
      {"a TLS hello", "\026\003\001\0\245\001\0\0\241\003\003\r\n\r\n"s, {400}, closes},
      {"a TLS hello without a line end", "\026\003\001\0\245\001\0\0\241\003\003"s, {400}, closes},
      {"two spaces", "GET  /hello HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"two spaces before the version", "GET /hello  HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"space after the version", "GET /hello HTTP/1.1 \r\n"s + host + "\r\n", {400}, closes},
      {"tab for a space", "GET\t/hello\tHTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"leading space", " GET /hello HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"no target", "GET HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"a space in the target", "GET /he llo HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"one empty line first", "\r\n"s + next_request, {200}, stays},
      {"many empty lines first", repeat("\r\n", 50) + next_request, {200}, stays},
      {"empty lines between requests", next_request + "\r\n\r\n" + next_request, {200, 200}, stays},
      {"a bare LF first", "\n"s + next_request, {400}, closes},
      {"a space line first", " \r\n"s + next_request, {400}, closes},
      {"bare LF after the request line", "GET /hello HTTP/1.1\n"s + host + "\r\n", {400}, closes},
      {"bare CR in the request line", "GET /hel\rlo HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"NUL in the request line", "GET /hel\0lo HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"NUL in the method", "G\0T /hello HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"a separator in the method", "GE(T /hello HTTP/1.1\r\n"s + host + "\r\n", {400}, closes},
      {"a method without an end", repeat("A", 9000), {414}, closes},
      {"nothing but NUL", repeat("\0"s, 100), {400}, closes},
  };
}

std::vector<http_case> targets() {
  return {
      {"percent-encoded path", with_target("/%68ello"), {200}, stays},
      {"query on a fixed answer", with_target("/hello?a=b&c"), {200}, stays},
      {"empty query", with_target("/hello?"), {200}, stays},
      {"percent-decoded parameter", with_target("/write?method=%73tream&count=%31"), {200}, stays},
      {"plus is a space in a parameter", with_target("/write?method=stream+&count=1"), {400}, stays},
      {"%00 in a parameter", with_target("/write?method=stream%00&count=1"), {400}, stays},
      {"%0d%0a in a parameter", with_target("/write?method=x%0d%0aSet-Cookie:%20a=b"), {400}, stays},
      {"%0d%0a in a parameter's name", with_target("/write?method=stream&a%0d%0aX-Evil:1=b"), {400}, stays},
      {"a path in a parameter", with_target("/write?method=../../etc/passwd"), {400}, stays},
      {"not UTF-8 in a parameter", with_target("/write?method=%ff%fe"), {400}, stays},
      {"%00 in the path", with_target("/hello%00"), {404}, stays},
      {"%0d%0a in the path", with_target("/hello%0d%0aX-Evil:%201"), {404}, stays},
      {"encoded slash", with_target("/%2fhello"), {404}, stays},
      {"dot segments", with_target("/../hello"), {404}, stays},
      {"encoded dot segments", with_target("/%2e%2e/%2e%2e/etc/passwd"), {404}, stays},
      {"path parameter", with_target("/hello;a=b"), {404}, stays},
      {"two slashes", with_target("//hello"), {404}, stays},
      {"unknown path", with_target("/nothing"), {404}, stays},
      {"percent without digits in the path", with_target("/hello%"), {400}, closes},
      {"percent with one digit", with_target("/hello%2"), {400}, closes},
      {"percent with letters", with_target("/hello%zz"), {400}, closes},
      {"percent with letters in the query", with_target("/write?method=%zz"), {400}, closes},
      {"percent with one digit in the query", with_target("/write?method=%2"), {400}, closes},
      {"fragment", with_target("/hello#there"), {400}, closes},
      {"fragment in the query", with_target("/hello?a#b"), {400}, closes},
      {"control character", with_target("/hel\001lo"), {400}, closes},
      {"DEL", with_target("/hel\177lo"), {400}, closes},
      {"bytes beyond ASCII", with_target("/h\303\251llo"), {400}, closes},
      {"relative target", with_target("hello"), {400}, closes},
      {"absolute-form", with_target("http://localhost/hello"), {200}, stays},
      {"absolute-form in capitals", with_target("HTTP://LOCALHOST/hello"), {200}, stays},
      {"absolute-form of https", with_target("https://localhost/hello"), {200}, stays},
      // RFC 9112, 3.2.2: the target's authority replaces Host, whatever that says.
      {"absolute-form with another authority", with_target("http://127.0.0.1:1/hello"), {200}, stays},
      {"absolute-form without a path", with_target("http://localhost"), {404}, stays},
      {"absolute-form without a path but a query", with_target("http://localhost?a=b"), {404}, stays},
      {"absolute-form without Host", "GET http://localhost/hello HTTP/1.1\r\n\r\n", {400}, closes},
      {"absolute-form in HTTP/1.0", "GET http://localhost/hello HTTP/1.0\r\n\r\n", {200}, closes},
      {"absolute-form of another scheme", with_target("gopher://localhost/hello"), {400}, closes},
      {"absolute-form with a user", with_target("http://user@localhost/hello"), {400}, closes},
      {"absolute-form without an authority", with_target("http:///hello"), {400}, closes},
      {"absolute-form with a bad port", with_target("http://localhost:99999/hello"), {400}, closes},
      {"authority-form of GET", with_target("localhost:80"), {400}, closes},
      {"CONNECT", with_method("CONNECT", "localhost:80"), {400}, closes},
      {"CONNECT with a path", with_method("CONNECT", "/hello"), {405}, stays},
      {"OPTIONS *", with_method("OPTIONS", "*"), {204}, stays},
      {"OPTIONS of a path", with_method("OPTIONS"), {204}, stays},
      {"OPTIONS of an unknown path", with_method("OPTIONS", "/nothing"), {404}, stays},
      {"asterisk of GET", with_target("*"), {400}, closes},
      {"asterisk of HEAD", with_method("HEAD", "*"), {400}, closes, {0}},
      {"asterisk of POST", with_method("POST", "*", "Content-Length: 0\r\n"), {400}, closes},
      {"asterisk with more", with_method("OPTIONS", "*x"), {400}, closes},
      {"target at its limit", with_target("/hello?"s + repeat("a", 8000)), {200}, stays},
      {"target too long", with_target("/"s + repeat("a", 9000)), {414}, closes},
      {"target much too long", with_target("/"s + repeat("a", 500'000)), {414}, closes},
      {"target that does not end", "GET /"s + repeat("a", 9000), {414}, closes},
  };
}

std::vector<http_case> methods() {
  return {
      {"HEAD", with_method("HEAD"), {200}, stays, {0}},
      {"HEAD, then GET", with_method("HEAD") + next_request, {200, 200}, stays, {0}},
      {"HEAD of an unknown path", with_method("HEAD", "/nothing"), {404}, stays, {0}},
      {"HEAD of what acts", with_method("HEAD", "/write?method=sync&count=10"), {405}, stays, {0}},
      {"HEAD of what acts, with a bad parameter", with_method("HEAD", "/write?method=turbo"), {405}, stays, {0}},
      {"OPTIONS of what acts", with_method("OPTIONS", "/write?method=sync&count=10"), {204}, stays},
      {"HEAD of a request that is malformed", "HEAD /hello HTTP/1.1\r\n\r\n", {400}, closes, {0}},
      {"POST where there is GET", with_method("POST", "/hello", "Content-Length: 0\r\n"), {405}, stays},
      {"POST with a body where there is GET",
       with_method("POST", "/hello", "Content-Length: 3\r\n") + "abc",
       {405},
       stays},
      {"PUT", with_method("PUT", "/hello", "Content-Length: 3\r\n") + "abc", {405}, stays},
      {"DELETE", with_method("DELETE"), {405}, stays},
      {"PATCH", with_method("PATCH"), {405}, stays},
      {"TRACE", with_method("TRACE"), {405}, stays},
      {"PROPFIND", with_method("PROPFIND"), {405}, stays},
      {"unknown method", with_method("BREW"), {501}, stays},
      {"method in lower case", with_method("get"), {501}, stays},
      {"method of token characters", with_method("!#$%&'*+-.^_`|~9"), {501}, stays},
      {"unknown method, unknown path", with_method("BREW", "/nothing"), {404}, stays},
      {"GET with a body", with_field("Content-Length: 3") + "abc", {200}, stays},
      {"GET with chunks", with_field("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n", {200}, stays},
      {"POST without a length", post + "\r\n", {200}, stays},
  };
}

std::vector<http_case> fields() {
  return {
      {"no space after the colon", with_field("X-A:b"), {200}, stays},
      {"empty value", with_field("X-A:"), {200}, stays},
      {"tabs around the value", with_field("X-A:\t b \t"), {200}, stays},
      {"tab inside the value", with_field("X-A: b\tc"), {200}, stays},
      {"bytes beyond ASCII in a value", with_field("X-A: \344\377"), {200}, stays},
      {"a name of token characters", with_field("!#$%&'*+-.^_`|~9: b"), {200}, stays},
      {"many fields", get + repeat("X-A: b\r\n", 90) + "\r\n", {200}, stays},
      {"a long value", with_field("X-A: "s + repeat("a", 12'000)), {200}, stays},
      {"space before the colon", with_field("X-A : b"), {400}, closes},
      {"tab before the colon", with_field("X-A\t: b"), {400}, closes},
      {"space before Host's colon", "GET /hello HTTP/1.1\r\nHost : localhost\r\n\r\n", {400}, closes},
      {"no colon", with_field("nonsense"), {400}, closes},
      {"no name", with_field(": b"), {400}, closes},
      {"space in a name", with_field("X A: b"), {400}, closes},
      {"bytes beyond ASCII in a name", with_field("X\344: b"), {400}, closes},
      {"a slash in a name", with_field("X/A: b"), {400}, closes},
      {"a bracket in a name", with_field("X(A): b"), {400}, closes},
      {"a quote in a name", with_field("\"X\": b"), {400}, closes},
      {"a control character in a name", with_field("X\001A: b"), {400}, closes},
      {"folded with a space", with_field("X-A: b\r\n c"), {400}, closes},
      {"folded with a tab", with_field("X-A: b\r\n\tc"), {400}, closes},
      {"folded at once", "GET /hello HTTP/1.1\r\n "s + host + "\r\n", {400}, closes},
      {"folded into an empty line", with_field("X-A: b\r\n "), {400}, closes},
      {"bare LF after a field", "GET /hello HTTP/1.1\r\nHost: localhost\n\r\n", {400}, closes},
      {"bare LF at the end", get + "\n", {400}, closes},
      {"bare CR in a value", with_field("X-A: b\rc"), {400}, closes},
      {"bare CR before the end of a line", with_field("X-A: b\r"), {400}, closes},
      {"bare CR as the end of a line", get + "X-A: b\rX-B: c\r\n\r\n", {400}, closes},
      {"bare CR in a header that does not end", get + "X-A: b\rX", {400}, closes},
      {"NUL in a value", with_field("X-A: b\0c"s), {400}, closes},
      {"NUL in a name", with_field("X\0A: b"s), {400}, closes},
      {"NUL alone in a value", with_field("X-A: \0"s), {400}, closes},
      {"DEL in a value", with_field("X-A: b\177c"), {400}, closes},
      {"vertical tab in a value", with_field("X-A: b\013c"), {400}, closes},
      {"escape in a value", with_field("X-A: \033[31m"), {400}, closes},
      {"too many fields", get + repeat("X-A: b\r\n", 200) + "\r\n", {431}, closes},
      {"a value too long", with_field("X-A: "s + repeat("a", 20'000)), {431}, closes},
      {"a value much too long", with_field("X-A: "s + repeat("a", 900'000)), {431}, closes},
      {"a name too long", with_field(repeat("X", 20'000) + ": a"), {431}, closes},
      {"a header that does not end", get + "X-A: " + repeat("a", 20'000), {431}, closes},
      {"a header of many small lines", get + repeat("A: b\r\n", 50'000), {431}, closes},
  };
}

std::vector<http_case> lengths() {
  return {
      {"length", with_length("3"), {200}, stays},
      {"length of zero", with_length("0", ""), {200}, stays},
      {"length with leading zeros", with_length("003"), {200}, stays},
      {"length padded", with_length("\t 3 \t"), {200}, stays},
      {"length of nothing", with_length(""), {400}, closes},
      {"length with a plus", with_length("+3"), {400}, closes},
      {"length with a minus", with_length("-3"), {400}, closes},
      {"length of minus zero", with_length("-0", ""), {400}, closes},
      {"length in hex", with_length("0x3"), {400}, closes},
      {"length in words", with_length("three"), {400}, closes},
      {"length with a fraction", with_length("3.0"), {400}, closes},
      {"length with an exponent", with_length("3e0"), {400}, closes},
      {"length with a suffix", with_length("3abc"), {400}, closes},
      {"length with a space", with_length("3 3"), {400}, closes},
      {"length with a semicolon", with_length("3;"), {400}, closes},
      {"length in quotes", with_length("\"3\""), {400}, closes},
      {"length in other digits", with_length("\357\274\223"), {400}, closes},
      // RFC 9110, 8.6 lets a server take a list of equal lengths as one, or refuse it; nginx refuses it too.
      {"list of equal lengths", with_length("3, 3"), {400}, closes},
      {"list of different lengths", with_length("3, 4"), {400}, closes},
      {"two equal lengths", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", {400}, closes},
      {"two different lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", {400}, closes},
      {"two lengths in other letters", post + "Content-Length: 0\r\ncontent-length: 3\r\n\r\nabc", {400}, closes},
      {"length beyond 32 bits", with_length("4294967299"), {413}, closes},
      {"length beyond 63 bits", with_length("9223372036854775808"), {413}, closes},
      {"length of 64 bits", with_length("18446744073709551615"), {413}, closes},
      {"length of 63 bits", with_length("9223372036854775807"), {413}, closes},
      {"length beyond 64 bits", with_length("18446744073709551619"), {400}, closes},
      {"length of 64 bits and one", with_length("18446744073709551616"), {400}, closes},
      {"length of a hundred digits", with_length(repeat("9", 100)), {400}, closes},
      {"length with a space before the colon", post + "Content-Length : 3\r\n\r\nabc", {400}, closes},
      {"length hidden by an underscore", post + "Content_Length: 3\r\n\r\n", {200}, stays},
      {"body at the limit", with_length("65536", repeat("a", 65536)), {200}, stays},
      {"body over the limit", with_length("65537", repeat("a", 65537)), {413}, closes},
      {"body far over the limit", with_length("2000000", repeat("a", 2'000'000)), {413}, closes},
      {"body over the limit that is not sent", with_length("70000", ""), {413}, closes},
      {"body that looks like a request", with_length(std::to_string(smuggled.size()), smuggled), {200}, stays},
      {"body behind a GET that looks like a request",
       with_field("Content-Length: "s + std::to_string(smuggled.size())) + smuggled,
       {200},
       stays},
      {"more than the length", with_length("3", "abc"s + next_request), {200, 200}, stays},
      {"more than the length, no request", with_length("3", "abcdef\r\n\r\n"), {200, 400}, closes},
      {"length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}, closes},
      {"chunked and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", {400}, closes},
      {"length and an unknown coding", post + "Content-Length: 3\r\nTransfer-Encoding: x\r\n\r\nabc", {400}, closes},
      {"smuggled behind length and chunked",
       post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
       {400},
       closes},
      {"smuggled behind two lengths",
       post + "Content-Length: 0\r\nContent-Length: 3\r\n\r\n" + smuggled,
       {400},
       closes},
  };
}

std::vector<http_case> codings() {
  return {
      {"chunks", with_coding("chunked"), {200}, stays},
      {"chunked in capitals", with_coding("CHUNKED"), {200}, stays},
      {"chunked padded", with_coding("\t chunked \t"), {200}, stays},
      {"no chunks but the last", with_coding("chunked", "0\r\n\r\n"), {200}, stays},
      {"chunk size in capitals", with_coding("chunked", "A\r\n0123456789\r\n0\r\n\r\n"), {200}, stays},
      {"chunk size with zeros", with_coding("chunked", "0003\r\nabc\r\n000\r\n\r\n"), {200}, stays},
      {"chunk extension", with_coding("chunked", "3;a=b;c=\"d\"\r\nabc\r\n0\r\n\r\n"), {200}, stays},
      {"chunk extension without a value", with_coding("chunked", "3;a\r\nabc\r\n0;b\r\n\r\n"), {200}, stays},
      {"trailer", with_coding("chunked", "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"), {200}, stays},
      {"chunk that looks like a request",
       with_coding("chunked", hexadecimal(smuggled.size()) + "\r\n" + smuggled + "\r\n0\r\n\r\n"),
       {200},
       stays},
      {"chunks, then a request", with_coding("chunked") + next_request, {200, 200}, stays},
      {"chunks over the limit",
       with_coding("chunked", "10001\r\n"s + repeat("a", 65537) + "\r\n0\r\n\r\n"),
       {413},
       closes},
      {"chunks over the limit together",
       with_coding("chunked", repeat("8000\r\n"s + repeat("a", 32'768) + "\r\n", 3) + "0\r\n\r\n"),
       {413},
       closes},
      {"chunk size of nothing", with_coding("chunked", "\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size in words", with_coding("chunked", "three\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size with a plus", with_coding("chunked", "+3\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size with a minus", with_coding("chunked", "-3\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size with a prefix", with_coding("chunked", "0x3\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size behind a space", with_coding("chunked", " 3\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size with an underscore", with_coding("chunked", "0_3\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size of 64 bits", with_coding("chunked", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n"), {413}, closes},
      {"chunk size beyond 64 bits", with_coding("chunked", "10000000000000003\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size of 17 digits", with_coding("chunked", "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk size of many digits", with_coding("chunked", repeat("f", 200) + "\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk line with a bare LF", with_coding("chunked", "3\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk line with a bare CR", with_coding("chunked", "3\rabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk with more than its size", with_coding("chunked", "3\r\nabcd\r\n0\r\n\r\n"), {400}, closes},
      {"chunk with less than its size", with_coding("chunked", "5\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk that ends with a bare LF", with_coding("chunked", "3\r\nabc\n0\r\n\r\n"), {400}, closes},
      {"chunk extension with a bare LF", with_coding("chunked", "3;a\nb\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk extension with a bare CR", with_coding("chunked", "3;a\rb\r\nabc\r\n0\r\n\r\n"), {400}, closes},
      {"chunk extension with NUL", with_coding("chunked", "3;a=\0\r\nabc\r\n0\r\n\r\n"s), {400}, closes},
      {"chunk extension too long",
       with_coding("chunked", "3;a="s + repeat("b", 40'000) + "\r\nabc\r\n0\r\n\r\n"),
       {400},
       closes},
      {"trailer with a length", with_coding("chunked", "0\r\nContent-Length: 5\r\n\r\n"), {400}, closes},
      {"trailer with a coding", with_coding("chunked", "0\r\nTransfer-Encoding: chunked\r\n\r\n"), {400}, closes},
      {"trailer with Host", with_coding("chunked", "0\r\nHost: other\r\n\r\n"), {200}, stays},
      {"trailer without a colon", with_coding("chunked", "0\r\nnonsense\r\n\r\n"), {400}, closes},
      {"trailer with a space before the colon", with_coding("chunked", "0\r\nX-A : b\r\n\r\n"), {400}, closes},
      {"trailer with a bare LF", with_coding("chunked", "0\r\nX-A: b\n\r\n"), {400}, closes},
      {"trailers too long", with_coding("chunked", "0\r\n"s + repeat("X-A: b\r\n", 10'000) + "\r\n"), {400}, closes},
      {"end with a bare LF", with_coding("chunked", "0\r\n\n"), {400}, closes},
      {"unknown coding", with_coding("gzip"), {501}, closes},
      {"unknown coding, then chunked", with_coding("gzip, chunked"), {501}, closes},
      {"identity", with_coding("identity"), {501}, closes},
      {"identity, then chunked", with_coding("identity, chunked"), {501}, closes},
      {"chunked behind an x", with_coding("xchunked"), {501}, closes},
      {"chunked before an x", with_coding("chunkedx"), {501}, closes},
      {"chunked, then another", with_coding("chunked, gzip"), {400}, closes},
      {"chunked twice", with_coding("chunked, chunked"), {400}, closes},
      {"chunked with a parameter", with_coding("chunked;a=b"), {400}, closes},
      {"chunked in quotes", with_coding("\"chunked\""), {400}, closes},
      {"chunked behind a vertical tab", with_coding("\013chunked"), {400}, closes},
      {"chunked behind a comma", with_coding(", chunked"), {400}, closes},
      {"empty coding", with_coding(""), {400}, closes},
      {"two codings",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {400},
       closes},
      {"a coding and another",
       post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
       {400},
       closes},
      {"a coding folded", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", {400}, closes},
      {"a coding with a space before the colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", {400}, closes},
      {"a coding in HTTP/1.0",
       "POST /write?method=stream&count=1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"s,
       {400},
       closes},
      {"smuggled behind an unknown coding", with_coding("x", "0\r\n\r\n"s + smuggled), {501}, closes},
      {"smuggled behind a bad chunk", with_coding("chunked", "z\r\n"s + smuggled), {400}, closes},
      {"smuggled in a chunk extension", with_coding("chunked", "1;\n"s + smuggled), {400}, closes},
  };
}

std::vector<http_case> connections() {
  return {
      {"Connection: close", with_field("Connection: close"), {200}, closes},
      {"Connection: close in capitals", with_field("Connection: CLOSE"), {200}, closes},
      {"close in a list", with_field("Connection: x, close ,y"), {200}, closes},
      {"close in a second field", with_field("Connection: x\r\nConnection: close"), {200}, closes},
      {"close and keep-alive", with_field("Connection: close, keep-alive"), {200}, closes},
      {"closer is not close", with_field("Connection: closer"), {200}, stays},
      {"Connection: keep-alive", with_field("Connection: keep-alive"), {200}, stays},
      {"Upgrade is ignored", with_field("Connection: Upgrade\r\nUpgrade: h2c"), {200}, stays},
      {"a request behind close is not answered", with_field("Connection: close") + next_request, {200}, closes},
      {"close of a refused method", with_method("DELETE", "/hello", "Connection: close\r\n"), {405}, closes},
      {"HTTP/1.0", get_1_0 + "\r\n", {200}, closes},
      {"HTTP/1.0 with Host", get_1_0 + host + "\r\n", {200}, closes},
      {"HTTP/1.0 with a bad Host", get_1_0 + "Host: a b\r\n\r\n", {400}, closes},
      {"HTTP/1.0 keep-alive", get_1_0 + "Connection: keep-alive\r\n\r\n", {200}, stays},
      {"HTTP/1.0 Keep-Alive, twice", repeat(get_1_0 + "Connection: Keep-Alive\r\n\r\n", 2), {200, 200}, stays},
      {"HTTP/1.0 keep-alive and close", get_1_0 + "Connection: keep-alive, close\r\n\r\n", {200}, closes},
      {"HTTP/1.0 without keep-alive reads no second", repeat(get_1_0 + "\r\n", 2), {200}, closes},
      {"HTTP/1.0 keep-alive of a problem", "GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"s, {404}, stays},
      {"HTTP/1.0 HEAD", "HEAD /hello HTTP/1.0\r\n\r\n", {200}, closes, {0}},
      {"HTTP/1.0 body", "POST /write?method=stream&count=1 HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"s, {200}, closes},
      {"ten pipelined", repeat(next_request, 10), times(200, 10), stays},
      {"a thousand pipelined", repeat(next_request, 1000), times(200, 1000), stays},
      {"twenty thousand pipelined", repeat(next_request, 20'000), times(200, 20'000), stays},
      {"pipelined in order",
       next_request + with_target("/nothing") + with_method("DELETE") + with_method("BREW") +
           with_target("/write?method=stream&count=1") + next_request,
       {200, 404, 405, 501, 200, 200},
       stays},
      {"pipelined behind a body",
       with_length("3") + next_request + with_coding("chunked") + next_request,
       {200, 200, 200, 200},
       stays},
      {"pipelined HEADs", repeat(with_method("HEAD"), 3) + next_request, times(200, 4), stays, {0, 1, 2}},
      {"a hundred pipelined writes", repeat(with_target("/write?method=stream&count=1"), 100), times(200, 100), stays},
      {"good before bad",
       next_request + next_request + "GET /hello HTTP/1.1\r\n\r\n" + next_request,
       {200, 200, 400},
       closes},
      {"good before garbage", next_request + "\200\201\202\r\n\r\n", {200, 400}, closes},
  };
}

std::vector<http_case> expectations() {
  return {
      {"100-continue with the body there", post + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", {200}, stays},
      {"100-Continue in capitals", post + "Expect: 100-CONTINUE\r\nContent-Length: 3\r\n\r\nabc", {200}, stays},
      {"100-continue without a body", get + "Expect: 100-continue\r\n\r\n", {200}, stays},
      {"100-continue with a length of zero", post + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", {200}, stays},
      {"100-continue of a body too large",
       post + "Expect: 100-continue\r\nContent-Length: 70000\r\n\r\n",
       {413},
       closes},
      {"100-continue of a bad length", post + "Expect: 100-continue\r\nContent-Length: x\r\n\r\n", {400}, closes},
      {"another expectation", post + "Expect: tea\r\nContent-Length: 3\r\n\r\nabc", {417}, closes},
      {"two expectations", post + "Expect: 100-continue, tea\r\nContent-Length: 3\r\n\r\nabc", {417}, closes},
      {"an expectation in HTTP/1.0",
       "POST /write?method=stream&count=1 HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"s,
       {200},
       closes},
  };
}

/// One long body of requests behind each refusal.
std::vector<http_case> refusals() {
  const std::string many = "\r\n" + repeat(smuggled, 1000);
  return {
      {"body too large", post + "Content-Length: 70000\r\n" + many, {413}, closes},
      {"malformed length", post + "Content-Length: x\r\n" + many, {400}, closes},
      {"unknown coding", post + "Transfer-Encoding: gzip\r\n" + many, {501}, closes},
      {"unknown expectation", post + "Expect: tea\r\nContent-Length: 9\r\n" + many, {417}, closes},
      {"missing Host", "GET /hello HTTP/1.1\r\n" + many, {400}, closes},
  };
}

}  // namespace

const std::vector<http_case_group>& grammar_cases() {
  static const std::vector<http_case_group> all = {
      {"host", hosts()},
      {"request_line", request_lines()},
      {"target", targets()},
      {"method", methods()},
      {"header_field", fields()},
      {"content_length", lengths()},
      {"transfer_encoding", codings()},
      {"connection", connections()},
      {"expectation", expectations()},
      {"refusal", refusals()},
  };
  return all;
}

}  // namespace loopscope::http::test
