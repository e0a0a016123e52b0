// SPDX-License-Identifier: MIT

#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "temporary_directory.hpp"

namespace loopscope::testing {

/// A root directory with files that the kernel would provide.
class fake_root {
 public:
  fake_root& with(const std::string& file, const std::string& text) {
    const auto path = this->path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << text;
    return *this;
  }
  /// Adds a line to /proc/self/mountinfo. `type`: with source and super options; `top`: the group mounted at `point`.
  fake_root& mounted(const std::string& point, const std::string& type, const std::string& top = "/") {
    std::filesystem::create_directories(path() / "proc/self");
    std::ofstream{path() / "proc/self/mountinfo", std::ios::app} << "33 24 0:29 " << top << ' ' << point
                                                                 << " rw,nosuid shared:9 - " << type << '\n';
    return *this;
  }

  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  temporary_directory directory_;
};

inline const std::string v2 = "cgroup2 cgroup2 rw,nsdelegate";

inline std::string v1(const std::string& controllers) {
  return "cgroup cgroup rw," + controllers;
}

}  // namespace loopscope::testing
