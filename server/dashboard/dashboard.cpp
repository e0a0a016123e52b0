// SPDX-License-Identifier: MIT

#include "dashboard.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <utility>

#include "server/http/parse/target.hpp"

namespace loopscope::dashboard {
namespace {

using boost::beast::iequals;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Returns the text before the first `mark` and removes it, with the mark, from `text`.
std::string_view cut(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return trimmed(head);
}

/// Whether a weight is zero: q=0, q=0.000.
bool is_refused(std::string_view weight) {
  const auto value = cut(weight, '=');
  return iequals({value.data(), value.size()}, "q") && !trimmed(weight).empty() &&
         trimmed(weight).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool accepts_any = false;
  while (!accept_encoding.empty()) {
    auto weight = cut(accept_encoding, ',');
    const auto coding = cut(weight, ';');
    const bool accepted = !is_refused(weight);
    if (iequals({coding.data(), coding.size()}, "gzip")) return accepted;
    if (coding == "*") accepts_any = accepted;
  }
  return accepts_any;
}

bool contains_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    auto each = cut(if_none_match, ',');
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == etag || each == "*") return true;
  }
  return false;
}

std::string content_security_policy(std::string_view host) {
  const auto name = http::host_name(host);
  // A policy cannot contain IPv6 addresses.
  const std::string any_port = name.starts_with('[') ? "http: https:" : std::string{name} + ":*";
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; "
         "connect-src 'self' " +
         any_port + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

http::response asset_response(const asset& file, const http::request& request) {
  const bool compressed = accepts_gzip(request.find(http::field::accept_encoding).value_or(std::string_view{}));
  const auto etag = "\"" + std::string{file.hash} + (compressed ? "-gzip\"" : "\"");
  http::response response;
  response.headers = {
      {"ETag", etag},
      {"Cache-Control", "no-cache"},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", content_security_policy(request.host())},
      {"Referrer-Policy", "no-referrer"},
      // With these the browser isolates the page, and its clock has a resolution of 5 us instead of 100.
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Embedder-Policy", "require-corp"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  const auto known = request.find(http::field::if_none_match);
  if (known && contains_etag(*known, etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.content_type;
  if (compressed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = compressed ? file.gzip : file.identity;
  return response;
}

void add_routes(http::router& router) {
  for (const asset& file : all_assets()) {
    const auto path = file.name == "index.html" ? "/" : "/dashboard/" + std::string{file.name};
    router.add(http::verb::get, path, [&file](const http::request& request) -> http::task<http::response> {
      co_return asset_response(file, request);
    });
  }
}

}  // namespace loopscope::dashboard
