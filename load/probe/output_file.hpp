#pragma once

#include <fstream>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace loopscope::probe {

/// A report's file, or stdout for "-".
///
/// A regular file comes into being whole or not at all: it is written under a temporary name beside it and renamed when
/// every byte is written. An earlier file of the name stays until then, and for good when anything fails. What is no
/// regular file, such as a FIFO or a name below /dev or /proc, is written directly.
///
/// Both steps throw std::system_error, whose text names the file.
class output_file {
 public:
  /// Before the run, so that a run is not lost to a name that cannot be written: opens what is written directly, and
  /// tries out the temporary file otherwise.
  explicit output_file(const std::optional<std::string>& path);

  /// Does nothing when no path was given.
  void write(const std::function<void(std::ostream&)>& writer);

 private:
  void write_whole(const std::function<void(std::ostream&)>& writer);

  std::optional<std::string> path_;  ///< as given
  std::string target_;               ///< where symbolic links lead; empty for what is written directly
  std::ofstream direct_;
};

}  // namespace loopscope::probe
