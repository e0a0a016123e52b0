// SPDX-License-Identifier: MIT

#include "jit_names.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::uint64_t max_file_bytes = std::uint64_t{256} << 20U;
constexpr std::size_t max_line_bytes = 16 * 1024;
constexpr std::size_t head_bytes = 64;
constexpr std::string_view anonymous_function = "(anonymous)";

std::string file_of_process(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + '/' + std::string(name);
}

/// The last number of the line NSpid: the process's own in its innermost namespace.
std::string own_number(std::string_view status, pid_t pid) {
  constexpr std::string_view key = "\nNSpid:";
  auto out = std::to_string(pid);
  const auto at = status.find(key);
  if (at == std::string_view::npos) return out;
  auto line = status.substr(at + key.size());
  line = line.substr(0, line.find('\n'));
  line.remove_prefix(std::min(line.find_last_of("\t ") + 1, line.size()));
  if (system::parse_number<pid_t>(line)) out = line;
  return out;
}

std::chrono::nanoseconds now_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

/// When the process was started, on the system clock.
std::optional<std::chrono::nanoseconds> start_of(pid_t pid) {
  constexpr int field_of_start = 22;
  const auto stat = system::proc_file(file_of_process(pid, "stat")).read();
  const auto ticks = system::parse_stat_field<std::uint64_t>(stat, field_of_start);
  const long per_second = ::sysconf(_SC_CLK_TCK);
  if (!ticks || per_second <= 0) return std::nullopt;
  const auto since_boot = std::chrono::milliseconds{*ticks * 1000 / static_cast<std::uint64_t>(per_second)};
  return now_of(CLOCK_REALTIME) - (now_of(CLOCK_BOOTTIME) - since_boot);
}

struct open_file {
  ~open_file() {
    if (fd >= 0) ::close(fd);
  }
  int fd = -1;
  struct stat status {};
};

/// A process that had the same number may have left a file.
bool is_of_process(const struct stat& file, std::string_view process_status, pid_t pid) {
  constexpr std::chrono::seconds tolerance{2};  // the clock may have been set
  const auto user = system::parse_field(process_status, "Uid");
  const auto start = start_of(pid);
  const auto modified = std::chrono::seconds{file.st_mtim.tv_sec} + std::chrono::nanoseconds{file.st_mtim.tv_nsec};
  return S_ISREG(file.st_mode) && user && (file.st_uid == *user || file.st_uid == 0) && start &&
         modified + tolerance >= *start;
}

bool takes(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Takes ":NUMBER" off the end.
std::optional<int> take_number(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto number = system::parse_number<int>(text.substr(colon + 1));
  if (number) text = text.substr(0, colon);
  return number;
}

/// The path of a file URL, whose unusual characters are written as %20.
std::string path_of_url(std::string_view url) {
  constexpr std::string_view scheme = "file://";
  std::string_view rest = url;
  if (!takes(rest, scheme)) return std::string(url);
  std::string out;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto code = rest[i] == '%' ? system::parse_number<unsigned char>(rest.substr(i + 1, 2), 16) : std::nullopt;
    out += code ? static_cast<char>(*code) : rest[i];
    if (code) i += 2;
  }
  return out;
}

/// Where the file begins behind the function's name. Both may contain spaces.
std::size_t file_begin(std::string_view text) {
  auto begin = std::string_view::npos;
  for (const std::string_view root : {" /", " file://", " node:", " http://", " https://", " data:"})
    begin = std::min(begin, text.find(root));
  return begin != std::string_view::npos ? begin : text.rfind(' ');
}

/// "writeAll /srv/long.js:3:18" of V8; Node.js 18 writes no column. The name is empty for an anonymous function and for
/// a whole file.
stack_frame parse_javascript(std::string_view text) {
  stack_frame out;
  out.is_jit = true;
  auto place = text;
  const auto last = take_number(place);
  const auto before_last = last ? take_number(place) : std::nullopt;
  const auto line = before_last ? before_last : last;
  const auto spaced = ' ' + std::string(place);
  const auto begin = file_begin(spaced);
  auto function = spaced.substr(0, begin);
  if (line && begin != std::string::npos) {
    out.line = *line;
    out.file = path_of_url(std::string_view(spaced).substr(begin + 1));
  } else {
    function = text;
  }
  while (function.starts_with(' ')) function.erase(0, 1);
  while (function.ends_with(' ')) function.pop_back();
  out.function = function.empty() ? std::string(anonymous_function) : std::move(function);
  return out;
}

/// "work:/srv/app.py" of CPython. A qualified name has no colon.
stack_frame parse_python(std::string_view text) {
  stack_frame out;
  out.is_jit = true;
  const auto colon = text.find(':');
  out.function = text.substr(0, colon);
  if (colon != std::string_view::npos) out.file = text.substr(colon + 1);
  return out;
}

}  // namespace

stack_frame parse_jit_name(std::string_view name) {
  auto rest = name;
  if (takes(rest, "py::")) return parse_python(rest);
  for (const std::string_view kind : {"JS:", "LazyCompile:", "Function:", "Script:", "Eval:", "Callback:"}) {
    if (!takes(rest, kind)) continue;
    // How far V8 has compiled it.
    if (!rest.empty() && std::string_view("~^*+").find(rest.front()) != std::string_view::npos) rest.remove_prefix(1);
    return parse_javascript(rest);
  }
  while (!rest.empty() && rest.back() == ' ') rest.remove_suffix(1);
  stack_frame out;
  out.is_jit = true;
  out.function = rest;
  return out;
}

std::optional<stack_frame> jit_names::blocking_find(std::uintptr_t address) {
  blocking_update();
  const auto after = entries_.upper_bound(address);
  if (after == entries_.begin()) return std::nullopt;
  const auto& found = std::prev(after)->second;
  return address < found.end ? std::optional{parse_jit_name(found.name)} : std::nullopt;
}

void jit_names::clear() {
  *this = jit_names(pid_);
}

void jit_names::blocking_update() {
  const auto process_status = system::proc_file(file_of_process(pid_, "status")).read();
  const auto path = file_of_process(pid_, "root/tmp/perf-") + own_number(process_status, pid_) + ".map";
  open_file file;
  // A FIFO must not block.
  file.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  const bool is_usable =
      file.fd >= 0 && ::fstat(file.fd, &file.status) == 0 && is_of_process(file.status, process_status, pid_);
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(file.status.st_size, 0));
  if (!is_usable || size > max_file_bytes) return clear();

  std::array<char, head_bytes> head;
  const auto head_size = ::pread(file.fd, head.data(), head.size(), 0);
  const std::string_view begin(head.data(), static_cast<std::size_t>(std::max<ssize_t>(head_size, 0)));
  if (file.status.st_ino != inode_ || size < read_bytes_ || !begin.starts_with(head_)) clear();
  inode_ = file.status.st_ino;
  head_ = begin;

  std::string buffer(64 * 1024, '\0');
  while (read_bytes_ < size) {
    const auto wanted = std::min<std::uint64_t>(buffer.size(), size - read_bytes_);
    const auto got = ::pread(file.fd, buffer.data(), static_cast<std::size_t>(wanted), static_cast<off_t>(read_bytes_));
    if (got <= 0) return;
    read_bytes_ += static_cast<std::uint64_t>(got);
    add_text(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
  }
}

void jit_names::add_text(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (unfinished_line_.size() < max_line_bytes) unfinished_line_ += line;
    if (end == std::string_view::npos) return;
    add_line(unfinished_line_);
    unfinished_line_.clear();
    text.remove_prefix(end + 1);
  }
}

void jit_names::add_line(std::string_view line) {
  const auto number = [&] {
    auto word = system::next_word(line);
    takes(word, "0x");
    return system::parse_number<std::uintptr_t>(word, 16);
  };
  const auto begin = number();
  const auto size = number();
  if (!begin || !size || *size == 0 || *begin + *size < *begin) return;
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (line.empty()) return;
  make_room(*begin, *begin + *size);
  entries_[*begin] = {*begin + *size, std::string(line)};
}

/// Cuts what older entries have of a range.
void jit_names::make_room(std::uintptr_t begin, std::uintptr_t end) {
  auto at = entries_.upper_bound(begin);
  if (at != entries_.begin()) --at;
  while (at != entries_.end() && at->first < end) {
    auto [old_begin, old] = std::pair{at->first, at->second};
    if (old.end <= begin) {
      ++at;
      continue;
    }
    at = entries_.erase(at);
    if (old_begin < begin) entries_[old_begin] = {begin, old.name};
    if (old.end > end) entries_[end] = {old.end, std::move(old.name)};
  }
}

}  // namespace loopscope::monitor
