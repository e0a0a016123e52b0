#include "process_figures.hpp"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "writers/measure/cpu_time.hpp"

namespace loopscope::metrics {
namespace {

std::string blocking_read_text(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional{value} : std::nullopt;
}

/// The words after the command's name: index 0 is the state, field 3 of proc(5).
std::optional<std::uint64_t> field(std::string_view stat, std::size_t number) {
  constexpr std::size_t first_field = 3;
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  for (std::size_t at = first_field;; ++at) {
    stat.remove_prefix(std::min(stat.find_first_not_of(' '), stat.size()));
    if (stat.empty()) return std::nullopt;
    if (at == number) return to_number(stat);
    stat.remove_prefix(std::min(stat.find(' '), stat.size()));
  }
}

}  // namespace

process_figures parse_process_stat(std::string_view stat, std::uint64_t page_bytes) {
  process_figures out;
  out.threads = field(stat, 20);
  out.started_ticks = field(stat, 22);
  out.virtual_bytes = field(stat, 23);
  out.resident_bytes = field(stat, 24);
  if (out.resident_bytes) *out.resident_bytes *= page_bytes;
  return out;
}

std::optional<std::uint64_t> parse_number_after(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with(key)) return to_number(text.substr(at + key.size()));
    const auto line_end = text.find('\n', at);
    if (line_end == std::string_view::npos) break;
    at = line_end + 1;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_max_descriptors(std::string_view limits) {
  return parse_number_after(limits, "Max open files");
}

process_figures blocking_read_process() {
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  process_figures out = parse_process_stat(blocking_read_text("/proc/self/stat"), page_bytes);
  const auto cpu = writers::cpu_time::now();
  out.cpu = cpu.process_user + cpu.process_system;
  return out;
}

std::optional<std::uint64_t> blocking_count_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry{"/proc/self/fd", error}, end; !error && entry != end;
       entry.increment(error))
    ++count;
  if (error || count == 0) return std::nullopt;
  return count - 1;  // without the one that lists them
}

std::optional<std::uint64_t> blocking_read_max_descriptors() {
  return parse_max_descriptors(blocking_read_text("/proc/self/limits"));
}

std::optional<double> blocking_read_start_time_s(const process_figures& process) {
  const auto boot_s = parse_number_after(blocking_read_text("/proc/stat"), "btime");
  if (!boot_s || !process.started_ticks) return std::nullopt;
  const auto ticks_per_s = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return static_cast<double>(*boot_s) + static_cast<double>(*process.started_ticks) / ticks_per_s;
}

}  // namespace loopscope::metrics
