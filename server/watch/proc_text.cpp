// SPDX-License-Identifier: MIT

#include "proc_text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::watch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_text_bytes = std::size_t{16} << 20;
constexpr std::size_t max_entries = 65'536;

}  // namespace

std::optional<std::string> blocking_read_text(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  std::string text;
  std::array<char, 16'384> part{};
  ssize_t size = 0;
  do {
    size = ::read(descriptor, part.data(), part.size());
    if (size > 0) text.append(part.data(), static_cast<std::size_t>(size));
  } while (size > 0 ? text.size() < max_text_bytes : size < 0 && errno == EINTR);
  ::close(descriptor);
  if (size < 0) return std::nullopt;
  return text;
}

std::vector<pid_t> blocking_list_numbers(const std::string& folder) {
  std::vector<pid_t> out;
  std::error_code error;
  for (fs::directory_iterator each{folder, error};
       !error && each != fs::directory_iterator{} && out.size() < max_entries; each.increment(error))
    if (const auto number = system::parse_number<pid_t>(each->path().filename().string())) out.push_back(*number);
  std::ranges::sort(out);
  return out;
}

namespace_ids parse_namespace_ids(std::string_view status) {
  constexpr std::string_view key = "\nNSpid:";
  const auto at = status.find(key);
  if (at == std::string_view::npos) return {};
  auto rest = status.substr(at + key.size());
  namespace_ids out;
  while (const auto id = system::parse_number<pid_t>(system::next_word(rest))) out = {*id, out.depth + 1};
  return out;
}

std::size_t own_namespace_depth() {
  static const auto depth = parse_namespace_ids(blocking_read_text("/proc/self/status").value_or("")).depth;
  return depth;
}

}  // namespace loopscope::watch
