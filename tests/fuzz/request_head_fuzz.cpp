// SPDX-License-Identifier: MIT

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "invariant.hpp"
#include "server/http/parse/request_reader.hpp"

namespace loopscope::http {
namespace {

using fuzz::require;
using outcome = request_reader::outcome;

constexpr std::size_t read_ahead_bytes = 256;
constexpr unsigned refusals[] = {400, 413, 414, 417, 431, 501, 505};

/// Small, so that short inputs reach them.
limits small_limits() {
  limits bounds;
  bounds.max_target_bytes = 128;
  bounds.max_header_bytes = 1024;
  bounds.max_header_fields = 8;
  bounds.max_body_bytes = 512;
  return bounds;
}

struct field_copy {
  std::string name, value;
  bool operator==(const field_copy&) const = default;
};

struct request_copy {
  std::string method, target, body;
  bool http_1_1 = true;
  bool keep_alive = true;
  bool chunked = false;
  std::vector<field_copy> fields;
  bool operator==(const request_copy&) const = default;
};

struct reading {
  std::vector<request_copy> requests;
  bool refused = false;
  bool in_a_head = false;  // when the bytes ended
};

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

request_copy copy_and_check(request_reader& reader, const limits& bounds) {
  const request& asked = reader.message();
  request_copy copy;
  copy.method = asked.method_text();
  copy.target = asked.target();
  copy.body = asked.body();
  copy.http_1_1 = asked.http_1_1();
  copy.keep_alive = reader.keep_alive();
  copy.chunked = asked.find(field::transfer_encoding).has_value();
  std::size_t head_bytes = copy.method.size() + copy.target.size();
  for (const header& each : asked.headers()) {
    require(one_line(each.name) && one_line(each.value), "a field is one line");
    require(!each.name.empty() && each.name.find(' ') == std::string_view::npos, "a field's name is a token");
    head_bytes += each.name.size() + each.value.size();
    copy.fields.push_back({std::string{each.name}, std::string{each.value}});
  }
  require(one_line(copy.method) && one_line(copy.target), "method and target are one line");
  require(copy.target.size() <= bounds.max_target_bytes, "the target is within its limit");
  require(copy.fields.size() <= bounds.max_header_fields, "the fields are within their limit");
  require(head_bytes <= bounds.max_header_bytes, "the head is within its limit");
  require(copy.body.size() <= bounds.max_body_bytes, "the body is within its limit");
  require(!copy.http_1_1 || !asked.host().empty(), "a request of HTTP/1.1 has a host");
  return copy;
}

/// Reads as a connection does, `piece` bytes at a time.
reading read(std::string_view bytes, std::size_t piece) {
  static const limits bounds = small_limits();
  input_buffer in{bounds.max_header_bytes + read_ahead_bytes};
  request_reader reader{bounds};
  reading seen;
  for (;;) {
    switch (reader.next(in)) {
      case outcome::ready:
        seen.requests.push_back(copy_and_check(reader, bounds));
        reader.take_next();
        break;
      case outcome::send_continue:
        break;
      case outcome::refused:
        require(std::ranges::find(refusals, reader.reason().status) != std::end(refusals), "a refusal has its status");
        require(!reader.reason().detail.empty(), "a refusal says why");
        seen.refused = true;
        return seen;
      case outcome::need_more: {
        seen.in_a_head = reader.where() == request_reader::stage::head;
        if (bytes.empty()) return seen;
        const auto room = in.prepare();
        require(!room.empty(), "a reader that needs more has room for it");
        const std::size_t taken = std::min({piece, room.size(), bytes.size()});
        std::memcpy(room.data(), bytes.data(), taken);
        in.commit(taken);
        bytes.remove_prefix(taken);
        break;
      }
    }
  }
}

std::string written_again(const request_copy& asked) {
  std::string text = asked.method + " " + asked.target + (asked.http_1_1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
  for (const field_copy& each : asked.fields) text += each.name + ":" + each.value + "\r\n";
  text += "\r\n";
  if (!asked.chunked) return text + asked.body;
  if (!asked.body.empty()) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", asked.body.size());
    text += size + asked.body + "\r\n";
  }
  return text + "0\r\n\r\n";
}

void check(std::string_view bytes, std::size_t piece) {
  const reading whole = read(bytes, bytes.size() + 1);
  const reading in_pieces = read(bytes, piece);
  require(in_pieces.requests == whole.requests, "the same requests, however the bytes arrive");
  // A line that has only begun to arrive may be refused before a whole one is parsed.
  require(in_pieces.refused == whole.refused || (in_pieces.refused && whole.in_a_head),
          "the same refusal, however the bytes arrive");
  for (const request_copy& each : whole.requests) {
    const reading again = read(written_again(each), piece);
    require(!again.refused && again.requests.size() == 1 && again.requests.front() == each,
            "a request survives being written again");
  }
}

}  // namespace
}  // namespace loopscope::http

/// The first byte says in which pieces the others arrive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  loopscope::http::check(loopscope::fuzz::as_text(data + 1, size - 1), 1 + data[0] % 64U);
  return 0;
}
