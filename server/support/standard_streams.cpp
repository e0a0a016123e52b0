// SPDX-License-Identifier: MIT

#include "standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace loopscope {

void claim_standard_descriptors() noexcept {
  int lowest_free = 0;
  do lowest_free = ::open("/", O_PATH | O_CLOEXEC);
  while (lowest_free >= STDIN_FILENO && lowest_free <= STDERR_FILENO);
  if (lowest_free > STDERR_FILENO) ::close(lowest_free);
}

std::error_code blocking_write_all(int descriptor, std::string_view& text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // another process that shares the descriptor made it non-blocking
      pollfd writable{descriptor, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return {errno, std::generic_category()};
    }
  }
  return {};
}

bool blocking_print(const char* program, std::string_view text) noexcept {
  const std::error_code error = blocking_write_all(STDOUT_FILENO, text);
  if (error) std::fprintf(stderr, "%s: cannot write to stdout: %s\n", program, error.message().c_str());
  return !error;
}

std::string escape_control_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // In UTF-8 the control characters U+0080 to U+009F are 0xC2 followed by 0x80 to 0x9F.
    const bool begins_pair = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool ends_pair = byte < 0xA0 && byte >= 0x80 && i > 0 && static_cast<unsigned char>(text[i - 1]) == 0xC2;
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F || begins_pair || ends_pair) {
      std::array<char, 8> hex{};
      std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
      out += hex.data();
    } else {
      out += text[i];
    }
  }
  return out;
}

void print_error(const char* program, std::string_view message) {
  std::fprintf(stderr, "%s: %s\n", program, escape_control_characters(message).c_str());
}

}  // namespace loopscope
