// SPDX-License-Identifier: MIT

#include "head_scanner.hpp"

#include <algorithm>
#include <cstring>

namespace loopscope::http {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr std::size_t version_size = std::string_view(" HTTP/1.1").size();
// "OPTIONS", spaces and the version: what a request line holds beside its target, generously.
constexpr std::size_t max_line_overhead_bytes = 64;

refusal check_request_line(std::string_view line, const limits& bounds) {
  if (line.size() > bounds.max_target_bytes + max_line_overhead_bytes) {
    return {414, "The request target is too long."};
  }
  if (line.size() < version_size) return {400, "The request line is malformed."};
  const auto version = line.substr(line.size() - version_size);
  const bool shaped =
      version.starts_with(" HTTP/") && is_digit(version[6]) && version[7] == '.' && is_digit(version[8]);
  if (!shaped) return {400, "The request line does not end with an HTTP version."};
  if (version[6] != '1' || version[8] > '1') return {505, "This server speaks HTTP/1.1 and HTTP/1.0."};
  return {};
}

}  // namespace

head_scanner::state head_scanner::scan(std::string_view buffered) {
  while (scanned_ < buffered.size()) {
    const auto* from = buffered.data() + scanned_;
    const auto* newline = static_cast<const char*>(std::memchr(from, '\n', buffered.size() - scanned_));
    if (newline == nullptr) {
      scanned_ = buffered.size();
      break;
    }
    scanned_ = static_cast<std::size_t>(newline - buffered.data()) + 1;
    auto line = buffered.substr(line_start_, scanned_ - 1 - line_start_);
    line_start_ = scanned_;
    if (line.empty() || line.back() != '\r') return refuse(400, "A line of the header does not end with CR LF.");
    if (scanned_ > limits_->max_header_bytes) return refuse(431, "The request header is too large.");
    line.remove_suffix(1);
    if (line.empty()) return state::complete;
    if (const auto wrong = check_line(line)) return refuse(wrong.status, wrong.detail);
    ++lines_;
  }
  return scan_rest(buffered);
}

refusal head_scanner::check_line(std::string_view line) const {
  if (lines_ == 0) return check_request_line(line, *limits_);
  if (line.front() == ' ' || line.front() == '\t') return {400, "A header line begins with white space."};
  if (lines_ > limits_->max_header_fields) return {431, "The request has too many header fields."};
  return {};
}

head_scanner::state head_scanner::scan_rest(std::string_view buffered) {
  // Only what is new, and a CR that was last: a line that comes byte by byte must not be read again for each.
  const auto fresh = buffered.substr(std::max(line_start_, checked_ - std::min<std::size_t>(checked_, 1)));
  checked_ = buffered.size();
  const auto broken_cr = fresh.find('\r');
  if (broken_cr != std::string_view::npos && broken_cr + 1 != fresh.size()) {
    return refuse(400, "The header holds a CR that no LF follows.");
  }
  if (fresh.find('\0') != std::string_view::npos) return refuse(400, "The header holds a NUL byte.");
  if (lines_ == 0 && buffered.size() > limits_->max_target_bytes + max_line_overhead_bytes) {
    return refuse(414, "The request target is too long.");
  }
  if (buffered.size() > limits_->max_header_bytes) return refuse(431, "The request header is too large.");
  return state::need_more;
}

head_scanner::state head_scanner::refuse(unsigned status, std::string_view detail) noexcept {
  refusal_ = {status, detail};
  return state::refused;
}

void head_scanner::reset() noexcept {
  scanned_ = line_start_ = checked_ = lines_ = 0;
  refusal_ = {};
}

}  // namespace loopscope::http
