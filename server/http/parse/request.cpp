// SPDX-License-Identifier: MIT

#include "request.hpp"

#include <boost/beast/core/string.hpp>

#include "../release.hpp"

namespace loopscope::http {
namespace {

// What an idle connection may keep of its last request.
constexpr std::size_t kept_bytes = 1024;
constexpr std::size_t kept_headers = 16;

}  // namespace

std::optional<std::string_view> request::find(field name) const noexcept {
  for (const auto& each : headers_) {
    if (each.id == name) return each.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> request::find(std::string_view name) const noexcept {
  for (const auto& each : headers_) {
    if (boost::beast::iequals({each.name.data(), each.name.size()}, {name.data(), name.size()})) return each.value;
  }
  return std::nullopt;
}

void request::clear() noexcept {
  head_.clear();
  if (head_.capacity() > kept_bytes) release(head_);
  headers_.clear();
  if (headers_.capacity() > kept_headers) release(headers_);
  body_.clear();
  if (body_.capacity() > kept_bytes) release(body_);
  release(parameters_);
  raw_query_ = {};
  if (decoded_path_.capacity() > kept_bytes) release(decoded_path_);
  path_is_decoded_ = false;
  presence_.reset();
}

}  // namespace loopscope::http
