// SPDX-License-Identifier: MIT

#pragma once

#include <boost/system/result.hpp>
#include <filesystem>
#include <string>

namespace loopscope::watch {

inline constexpr const char* preload_library_name = "libloopscope-watch.so";

/// Where the library is looked for, by the folder of the program: beside it, in ../lib/loopscope, in ../lib.
/// Errors: no_such_file_or_directory. Blocks: looks into the file system.
boost::system::result<std::filesystem::path> blocking_find_preload_library(const std::filesystem::path& program_folder);

/// The folder of the program that runs. Errors: as readlink(2) of /proc/self/exe.
boost::system::result<std::filesystem::path> blocking_find_program_folder();

/// The library under a path that LD_PRELOAD can hold.
///
/// The loader takes LD_PRELOAD apart at spaces and colons and replaces words that begin with a dollar sign. A library
/// below such a folder is kept open and called /proc/PID/fd/N, which names it as long as this object lives.
/// Threads: one. Lifetime: outlives the command. Errors: system_error when such a library cannot be opened.
class preload_path {
 public:
  explicit preload_path(const std::filesystem::path& library);
  ~preload_path();
  preload_path(const preload_path&) = delete;
  preload_path& operator=(const preload_path&) = delete;

  const std::string& text() const { return text_; }

 private:
  int descriptor_ = -1;
  std::string text_;
};

}  // namespace loopscope::watch
