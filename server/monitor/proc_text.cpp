#include "proc_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

std::string_view skip_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

std::string_view next_word(std::string_view& rest) {
  rest = skip_blanks(rest);
  const auto end = std::min(rest.find_first_of(" \t\n"), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

template <class Number, class... Base>
std::optional<Number> to_number(std::string_view word, Base... base) {
  if (word.starts_with("0x")) word.remove_prefix(2);
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base...);
  if (error != std::errc{} || end == word.data()) return std::nullopt;
  return value;
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
  if (*number < 0) return out;
  for (auto& argument : out.arguments) {
    const auto value = to_number<std::uint64_t>(next_word(rest), 16);
    if (!value) return std::nullopt;
    argument = *value;
  }
  return out;
}

std::optional<nanoseconds> parse_run_delay(std::string_view text) {
  next_word(text);
  const auto delay_ns = to_number<std::int64_t>(next_word(text));
  if (!delay_ns) return std::nullopt;
  return nanoseconds{*delay_ns};
}

std::optional<nanoseconds> parse_exec_start(std::string_view text) {
  auto rest = after_key(text, "se.exec_start");
  if (!rest) return std::nullopt;
  const auto start_ms = to_number<double>(next_word(*rest));
  if (!start_ms || *start_ms == 0) return std::nullopt;
  return nanoseconds{std::llround(*start_ms * 1e6)};
}

std::optional<int> parse_cpu(std::string_view stat) {
  // The second field is a name in parentheses, which may contain anything.
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  auto rest = stat.substr(name_end + 1);
  for (int field = 3; field < 39; ++field) next_word(rest);
  return to_number<int>(next_word(rest));
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

}  // namespace loopscope::monitor
