// SPDX-License-Identifier: MIT

#include "response.hpp"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <cstdio>

namespace loopscope::http {
namespace {

bool has_body(unsigned status) {
  return status >= 200 && status != 204 && status != 304;
}

bool safe_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (!safe_value(value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_start(std::string& out, unsigned status) {
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_phrase(status));
  out.append("\r\nServer: loopscope\r\nX-Content-Type-Options: nosniff\r\nDate: ");
}

void append_own_headers(std::string& out, const response& answer) {
  if (!answer.content_type.empty()) append_header(out, "Content-Type", answer.content_type);
  for (const auto& [name, value] : answer.headers) append_header(out, name, value);
  if (!answer.stream && has_body(answer.status)) {
    append_header(out, "Content-Length", std::to_string(answer.body.size()));
  }
}

void append_context(std::string& out, const answer_context& context) {
  out.append(context.date).append("\r\n");
  if (!context.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (!context.http_1_1) {
    out.append("Connection: keep-alive\r\n");
  }
  if (!context.allowed_origin.empty()) append_header(out, "Access-Control-Allow-Origin", context.allowed_origin);
  if (context.vary_by_origin) out.append("Vary: Origin\r\n");
}

// strftime would speak the process's locale.
constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

response response::text(std::string body, unsigned status) {
  response answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

response response::json(std::string body, unsigned status) {
  response answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = std::move(body);
  return answer;
}

std::string_view reason_phrase(unsigned status) {
  const auto text = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return text.data() == nullptr || text.starts_with('<') ? "Unknown" : std::string_view(text.data(), text.size());
}

void append_answer(std::string& out, const response& answer, const answer_context& context) {
  append_start(out, answer.status);
  append_context(out, context);
  append_own_headers(out, answer);
  if (answer.stream && context.http_1_1) out.append("Transfer-Encoding: chunked\r\n");
  out.append("\r\n");
  if (!answer.stream && !context.without_body && has_body(answer.status)) out.append(answer.body);
}

prepared_answer::prepared_answer(const response& answer) : status_(answer.status) {
  append_start(start_, answer.status);
  append_own_headers(rest_head_, answer);
  rest_head_.append("\r\n");
  rest_ = rest_head_ + answer.body;
}

void prepared_answer::append_to(std::string& out, const answer_context& context) const {
  out.append(start_);
  append_context(out, context);
  out.append(context.without_body ? rest_head_ : rest_);
}

std::string_view date_cache::at(std::time_t now) {
  if (now != formatted_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    const int written =
        std::snprintf(text_, sizeof text_, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
                      months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    size_ = std::min(static_cast<std::size_t>(written), sizeof text_ - 1);
    formatted_ = now;
  }
  return {text_, size_};
}

std::string_view date_cache::now() {
  std::timespec moment{};
  clock_gettime(CLOCK_REALTIME_COARSE, &moment);
  return at(moment.tv_sec);
}

}  // namespace loopscope::http
