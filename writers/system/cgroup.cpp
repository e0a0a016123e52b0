// SPDX-License-Identifier: MIT

#include "cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace loopscope::system {
namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

bool lists(std::string_view names, std::string_view name) {
  const auto all = split(names, ',');
  return std::find(all.begin(), all.end(), name) != all.end();
}

/// The group of a process in one hierarchy.
struct membership {
  bool version_2 = false;
  fs::path group;
};

/// Lines of /proc/self/cgroup are ID:CONTROLLERS:PATH; of version 2 there is one, without controllers.
std::optional<membership> blocking_read_membership(const fs::path& proc_self, std::string_view controller) {
  std::optional<membership> found;
  std::ifstream lines{proc_self / "cgroup"};
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view{line}.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (lists(controllers, controller)) return membership{false, group};
    if (controllers.empty()) found = membership{true, group};
  }
  return found;
}

/// proc(5) writes a space, a tab, a line feed and a backslash of a path as \ooo.
std::string unescaped(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.size() >= 4 && text[0] == '\\' && octal(text[1]) && octal(text[2]) && octal(text[3])) {
      plain.push_back(static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
      text.remove_prefix(3);
    } else {
      plain.push_back(text[0]);
    }
  }
  return plain;
}

struct mounted_hierarchy {
  fs::path top;  ///< the group that the mount point shows
  fs::path point;
};

/// A line is ID PARENT DEVICE ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE SUPER_OPTIONS.
std::optional<mounted_hierarchy> parse_mount(std::string_view line, bool version_2, std::string_view controller) {
  const auto separator = line.find(" - ");
  if (separator == std::string_view::npos) return std::nullopt;
  const auto words = split(line.substr(0, separator), ' ');
  const auto type = split(line.substr(separator + 3), ' ');
  if (words.size() < 6 || type.size() < 3) return std::nullopt;
  if (version_2 ? type[0] != "cgroup2" : type[0] != "cgroup" || !lists(type[2], controller)) return std::nullopt;
  return mounted_hierarchy{unescaped(words[3]), unescaped(words[4])};
}

/// The path from `top` to `group`; nothing when the group is not below it.
std::optional<fs::path> path_below(const fs::path& top, const fs::path& group) {
  const fs::path below = top == group ? fs::path{} : group.lexically_relative(top);
  if (top != group && (below.empty() || *below.begin() == "..")) return std::nullopt;
  return below == "." ? fs::path{} : below;
}

}  // namespace

std::vector<fs::path> blocking_find_cgroups(std::string_view controller, const fs::path& root) {
  const auto own = blocking_read_membership(root / "proc/self", controller);
  if (!own) return {};
  std::optional<fs::path> shown;  // by the first mount, where none shows the group
  std::ifstream mounts{root / "proc/self/mountinfo"};
  for (std::string line; std::getline(mounts, line);) {
    const auto mount = parse_mount(line, own->version_2, controller);
    if (!mount) continue;
    const fs::path point = root / mount->point.relative_path();
    if (!shown) shown = point;
    const auto below = path_below(mount->top, own->group);
    std::error_code ignored;
    if (!below || !fs::is_directory(point / *below, ignored)) continue;
    std::vector<fs::path> directories;
    for (fs::path at = *below; !at.empty(); at = at.parent_path()) directories.push_back(point / at);
    directories.push_back(point);
    return directories;
  }
  if (shown) return {*shown};
  return {};
}

}  // namespace loopscope::system
