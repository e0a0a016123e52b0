// SPDX-License-Identifier: MIT

#include "proc_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "number.hpp"

namespace loopscope::system {
namespace {

using std::chrono::nanoseconds;

std::string_view skip_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

template <class Number>
std::optional<Number> to_number(std::string_view word, int base = 10) {
  if (word.starts_with("0x")) word.remove_prefix(2);
  return parse_number<Number>(word, base);
}

std::optional<std::string_view> after_key(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const bool starts_line = at == 0 || text[at - 1] == '\n';
    const auto rest = text.substr(at + key.size());
    if (starts_line && !rest.empty() && (rest[0] == ' ' || rest[0] == ':' || rest[0] == '\t')) {
      return skip_blanks(rest.substr(std::min(rest.find_first_not_of(" :\t"), rest.size())));
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view next_word(std::string_view& text) {
  text = skip_blanks(text);
  const auto end = std::min(text.find_first_of(" \t\n"), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

proc_file::proc_file(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

proc_file::~proc_file() {
  if (fd_ >= 0) ::close(fd_);
}

std::string proc_file::read() const {
  if (fd_ < 0) return {};
  std::array<char, 4095> buffer;
  ssize_t size = 0;
  do {
    size = ::pread(fd_, buffer.data(), buffer.size(), 0);
  } while (size < 0 && errno == EINTR);
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string{};
}

std::optional<syscall_line> parse_syscall(std::string_view text) {
  syscall_line out;
  auto rest = text;
  const auto first = next_word(rest);
  if (first == "running") {
    out.running = true;
    return out;
  }
  const auto number = to_number<long>(first);
  if (!number) return std::nullopt;
  out.number = *number;
  if (*number >= 0) {
    for (auto& argument : out.arguments) {
      const auto value = to_number<std::uint64_t>(next_word(rest), 16);
      if (!value) return std::nullopt;
      argument = *value;
    }
  }
  out.stack_pointer = to_number<std::uint64_t>(next_word(rest), 16).value_or(0);
  out.program_counter = to_number<std::uint64_t>(next_word(rest), 16).value_or(0);
  return out;
}

std::optional<schedstat> parse_schedstat(std::string_view text) {
  const auto cpu_ns = to_number<std::int64_t>(next_word(text));
  const auto delay_ns = to_number<std::int64_t>(next_word(text));
  const auto slices = to_number<std::uint64_t>(next_word(text));
  if (!cpu_ns || !delay_ns || !slices) return std::nullopt;
  return schedstat{nanoseconds{*cpu_ns}, nanoseconds{*delay_ns}, *slices};
}

std::optional<nanoseconds> parse_exec_start(std::string_view text) {
  auto rest = after_key(text, "se.exec_start");
  if (!rest) return std::nullopt;
  const auto start_ms = parse_number<double>(next_word(*rest));
  if (!start_ms || *start_ms == 0) return std::nullopt;
  return nanoseconds{std::llround(*start_ms * 1e6)};
}

template <class Number>
std::optional<Number> parse_stat_field(std::string_view stat, int number) {
  constexpr int first = 3;
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  auto rest = stat.substr(name_end + 1);
  for (int field = first; field < number; ++field) next_word(rest);
  return parse_number<Number>(next_word(rest));
}

template std::optional<int> parse_stat_field(std::string_view, int);
template std::optional<std::uint64_t> parse_stat_field(std::string_view, int);

char parse_stat_state(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return '\0';
  auto rest = stat.substr(name_end + 1);
  const auto letter = next_word(rest);
  return letter.empty() ? '\0' : letter.front();
}

std::optional<int> parse_cpu(std::string_view stat) {
  return parse_stat_field<int>(stat, 39);
}

std::optional<std::uint64_t> parse_field(std::string_view text, std::string_view key, int base) {
  auto rest = after_key(text, key);
  if (!rest) return std::nullopt;
  return to_number<std::uint64_t>(next_word(*rest), base);
}

char parse_state(std::string_view status) {
  const auto rest = after_key(status, "State");
  return rest && !rest->empty() ? rest->front() : '?';
}

std::optional<nanoseconds> parse_throttled(std::string_view cpu_stat) {
  if (const auto v2_us = parse_field(cpu_stat, "throttled_usec")) {
    return std::chrono::microseconds{static_cast<std::int64_t>(*v2_us)};
  }
  if (const auto v1_ns = parse_field(cpu_stat, "throttled_time")) return nanoseconds{static_cast<std::int64_t>(*v1_ns)};
  return std::nullopt;
}

}  // namespace loopscope::system
