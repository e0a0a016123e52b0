#pragma once

#include <fstream>
#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace loopscope::probe {

/// A report's file, or stdout for "-". Opened before the run, so that a run is not lost to a name that cannot be
/// written.
class output_file {
 public:
  /// Throws std::system_error when the file cannot be opened.
  explicit output_file(const std::optional<std::string>& path);

  /// Does nothing when no path was given. Throws std::system_error when it cannot be written.
  void write(const std::function<void(std::ostream&)>& writer);

 private:
  std::optional<std::string> path_;
  std::ofstream file_;
};

}  // namespace loopscope::probe
