#pragma once

#include <filesystem>
#include <string>

#include "posix_file.hpp"

namespace loopscope::writers {

/// An output that comes into being whole or not at all: written under a temporary name that ends in `.part`,
/// renamed to its own when it is complete.
///
/// Errors: file_error with the failing call and path. An earlier complete file survives every failure.
/// Threads: one at a time; every member may block. Lifetime: an output that was not committed is removed by
/// the destructor; one left by a killed process by blocking_remove_abandoned().
class part_file {
 public:
  static file_result<part_file> blocking_create(const std::filesystem::path& target);

  part_file(part_file&& other) noexcept;
  part_file& operator=(part_file&&) = delete;
  ~part_file() { blocking_discard(); }

  posix_file& file() noexcept { return file_; }
  const std::string& target() const noexcept { return target_; }
  const std::string& part() const noexcept { return part_; }

  /// Renames to the target's name.
  file_result<void> blocking_commit();
  /// For blocking_sync_directory(), before blocking_commit(): what has its name must not fail for want of a descriptor.
  file_result<void> blocking_open_directory();
  /// Flushes the file's data and, after blocking_commit(), its directory entry to the device.
  file_result<void> blocking_sync_file();
  file_result<void> blocking_sync_directory();
  /// Removes what was written, unless it was committed.
  void blocking_discard() noexcept;

  /// Removes the parts of `target` that no living process writes any more; returns how many.
  static std::size_t blocking_remove_abandoned(const std::filesystem::path& target);

 private:
  part_file(std::string target, std::string part, posix_file file);
  std::string directory_path() const;

  std::string target_;
  std::string part_;  // empty once there is nothing to discard
  posix_file file_;
  posix_file directory_;
};

}  // namespace loopscope::writers
