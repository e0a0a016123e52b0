// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "blocking_file.hpp"

namespace loopscope::writers {

/// An output file that appears complete or not at all. It is written under a temporary name that ends in `.part` and
/// renamed to its final name when it is complete.
///
/// A part is locked with flock(2) while its writer lives, so that no other process takes it for an abandoned one. The
/// lock has its own open file description, which the kernel releases when the process ends; io_uring may keep the
/// description that writes use open for longer.
/// On a file system without locks, a part is abandoned if it has not been modified for `untouched`.
///
/// Errors: file_error with the failing call and path. An earlier complete file survives every failure.
/// Threads: one at a time; every member may block. Lifetime: the destructor removes an output that was not committed;
/// blocking_remove_abandoned() removes those of killed processes.
class part_file {
 public:
  /// How long to wait, in total, for the locks of abandoned parts. A process that was just killed may still hold its
  /// locks while the kernel frees its memory and waits for its writes. A lock held for longer belongs to a living
  /// process.
  static constexpr std::chrono::milliseconds max_exit_time{1000};
  /// A living writer modifies its part all the time, except while it reads it back or waits for the device.
  static constexpr std::chrono::seconds untouched{60};

  static file_result<part_file> blocking_create(const std::filesystem::path& target);

  part_file(part_file&& other) noexcept;
  part_file& operator=(part_file&&) = delete;
  ~part_file() { blocking_discard(); }

  posix_file& file() noexcept { return file_; }
  const std::string& target() const noexcept { return target_; }
  const std::string& part() const noexcept { return part_; }
  /// Why the file system gave no lock. No error: the part is locked.
  error_code lock_error() const noexcept { return lock_error_; }

  /// Closes the file, which may reveal that it could not be stored, and then renames it to the target's name.
  file_result<void> blocking_commit();
  /// Opens the directory ahead of the commit, so that a lack of descriptors cannot fail a file that already has its
  /// final name. Needed by blocking_sync_directory().
  file_result<void> blocking_open_directory();
  /// Flushes the file's data before and, after blocking_commit(), its directory entry to the device.
  file_result<void> blocking_sync_file();
  file_result<void> blocking_sync_directory();
  /// Removes the part, unless it was committed. It is found by its directory's descriptor, so the directory may have
  /// been renamed meanwhile. Errors: errno; the part is still there.
  error_code blocking_discard() noexcept;

  /// Removes the abandoned parts of these targets, which are all in one directory, and returns their number. An entry
  /// with a part's name that is no regular file stays.
  static std::size_t blocking_remove_abandoned(std::span<const std::filesystem::path> targets,
                                               std::chrono::milliseconds patience = max_exit_time);
  static std::size_t blocking_remove_abandoned(const std::filesystem::path& target) {
    return blocking_remove_abandoned(std::span{&target, 1});
  }

 private:
  part_file(std::string target, std::string part, posix_file directory, posix_file lock, error_code lock_error,
            posix_file file);
  std::string directory_path() const;

  std::string target_;
  std::string part_;             // empty once there is nothing to discard
  posix_file directory_handle_;  // O_PATH: finds the part even if the directory is renamed
  posix_file lock_;              // no write goes through it
  error_code lock_error_;
  posix_file file_;
  posix_file directory_;
};

}  // namespace loopscope::writers
