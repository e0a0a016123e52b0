#pragma once

#include <string>
#include <utility>

namespace loopscope::monitor {

/// A small kernel file (procfs, cgroupfs) kept open and read from its beginning each time.
///
/// Threads: read() from one thread at a time. Errors: a file that is missing or gone reads as an empty
/// string.
class proc_file {
 public:
  proc_file() noexcept = default;
  explicit proc_file(const std::string& path);
  proc_file(proc_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  proc_file& operator=(proc_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~proc_file();

  /// At most the first 4095 bytes.
  std::string read() const;

 private:
  int fd_ = -1;
};

}  // namespace loopscope::monitor
