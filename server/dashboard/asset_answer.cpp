#include "asset_answer.hpp"

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

/// The text before the first `mark`; `text` becomes what follows it.
std::string_view cut(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return trimmed(head);
}

/// A quality of zero, in any of its spellings: q=0, q=0.000.
bool is_refused(std::string_view weight) {
  const auto value = cut(weight, '=');
  return iequals({value.data(), value.size()}, "q") && !trimmed(weight).empty() &&
         trimmed(weight).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    auto weight = cut(accept_encoding, ',');
    const auto coding = cut(weight, ';');
    const bool wanted = !is_refused(weight);
    if (iequals({coding.data(), coding.size()}, "gzip")) return wanted;
    if (coding == "*") any = wanted;
  }
  return any;
}

bool none_match_names(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    auto each = cut(if_none_match, ',');
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == etag || each == "*") return true;
  }
  return false;
}

std::string content_security_policy(std::string_view host) {
  const auto name = http::host_name(host);
  // The grammar of a policy has no IPv6 addresses.
  const std::string any_port = name.starts_with('[') ? "http: https:" : std::string{name} + ":*";
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; "
         "connect-src 'self' " +
         any_port + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

http::response answer_asset(const asset& what, const http::request& asked) {
  const bool compressed = accepts_gzip(asked.find(http::field::accept_encoding).value_or(std::string_view{}));
  const auto etag = "\"" + std::string{what.hash} + (compressed ? "-gzip\"" : "\"");
  http::response answer;
  answer.headers = {
      {"ETag", etag},
      {"Cache-Control", "no-cache"},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", content_security_policy(asked.host())},
      {"Referrer-Policy", "no-referrer"},
      // Isolated, a page may read its clock to 5 us instead of 100.
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Embedder-Policy", "require-corp"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  };
  const auto known = asked.find(http::field::if_none_match);
  if (known && none_match_names(*known, etag)) {
    answer.status = 304;
    return answer;
  }
  answer.content_type = what.content_type;
  if (compressed) answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.body = compressed ? what.gzip : what.identity;
  return answer;
}

}  // namespace loopscope::dashboard
