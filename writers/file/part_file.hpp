#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "posix_file.hpp"

namespace loopscope::writers {

/// An output that comes into being whole or not at all: written under a temporary name that ends in `.part`,
/// renamed to its own when it is complete.
///
/// A part is locked with flock(2) while its writer lives, so that another process does not take it for a leftover. The
/// lock has an open file description of its own: the kernel releases it when the process ends, while one that writes
/// go through may be kept open by io_uring for longer.
/// Where a file system has no locks, a part is a leftover when it has not been modified for `untouched`.
///
/// Errors: file_error with the failing call and path. An earlier complete file survives every failure.
/// Threads: one at a time; every member may block. Lifetime: an output that was not committed is removed by
/// the destructor; one left by a killed process by blocking_remove_abandoned().
class part_file {
 public:
  /// How long to wait, in all, for the locks of leftovers. A process that was killed a moment ago may not be gone yet:
  /// the kernel first frees its memory and waits for its writes. A lock held for longer is a living process's.
  static constexpr std::chrono::milliseconds longest_exit{1000};
  /// A living writer modifies its part all the time, but for reading it back and for waiting for the device.
  static constexpr std::chrono::seconds untouched{60};

  static file_result<part_file> blocking_create(const std::filesystem::path& target);

  part_file(part_file&& other) noexcept;
  part_file& operator=(part_file&&) = delete;
  ~part_file() { blocking_discard(); }

  posix_file& file() noexcept { return file_; }
  const std::string& target() const noexcept { return target_; }
  const std::string& part() const noexcept { return part_; }
  /// Why the file system gave no lock; no error: it did.
  error_code lock_error() const noexcept { return lock_error_; }

  /// Closes the file, which may show that it could not be stored, and then renames it to the target's name.
  file_result<void> blocking_commit();
  /// For blocking_sync_directory(), before blocking_commit(): what has its name must not fail for want of a descriptor.
  file_result<void> blocking_open_directory();
  /// Flushes the file's data before and, after blocking_commit(), its directory entry to the device.
  file_result<void> blocking_sync_file();
  file_result<void> blocking_sync_directory();
  /// Removes what was written, unless it was committed.
  void blocking_discard() noexcept;

  /// Removes the parts of these targets, all in one directory, that no living process writes any more; returns how
  /// many. What has a part's name but is no regular file stays.
  static std::size_t blocking_remove_abandoned(std::span<const std::filesystem::path> targets,
                                               std::chrono::milliseconds patience = longest_exit);
  static std::size_t blocking_remove_abandoned(const std::filesystem::path& target) {
    return blocking_remove_abandoned(std::span{&target, 1});
  }

 private:
  part_file(std::string target, std::string part, posix_file lock, error_code lock_error, posix_file file);
  std::string directory_path() const;

  std::string target_;
  std::string part_;  // empty once there is nothing to discard
  posix_file lock_;   // no write goes through it
  error_code lock_error_;
  posix_file file_;
  posix_file directory_;
};

}  // namespace loopscope::writers
