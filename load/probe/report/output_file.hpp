// SPDX-License-Identifier: MIT

#pragma once

#include <fstream>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace loopscope::probe {

/// A report's file, or stdout for "-".
///
/// A regular file is written completely or not at all: it is written under a temporary name in the same directory and
/// renamed at the end. An existing file with the name stays until then, and stays for good if anything fails. Other
/// files, such as a FIFO or a name below /dev or /proc, are written directly.
///
/// The constructor and write() throw std::system_error, whose text names the file.
class output_file {
 public:
  /// Call it before the run, so that no run is lost because a file cannot be written. Opens a file that is written
  /// directly; otherwise creates and removes the temporary file.
  explicit output_file(const std::optional<std::string>& path);

  /// Does nothing without a path.
  void write(const std::function<void(std::ostream&)>& writer);

 private:
  void write_whole(const std::function<void(std::ostream&)>& writer);

  std::optional<std::string> path_;  ///< as the user gave it
  std::string target_;  ///< the file that symbolic links lead to; empty for a file that is written directly
  std::ofstream direct_;
};

}  // namespace loopscope::probe
