#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <utility>

#include "blocking_file.hpp"
#include "file_error.hpp"

namespace loopscope::writers {

/// A file descriptor that counts the system calls made through it.
///
/// Errors: errno as error_code. Threads: every member may be called from any thread, except moves.
/// Lifetime: owns the descriptor and closes it.
class posix_file final : public blocking_file {
 public:
  posix_file() = default;
  explicit posix_file(int descriptor) noexcept : descriptor_(descriptor) {}
  ~posix_file() override { blocking_close(); }
  posix_file(posix_file&& other) noexcept;
  posix_file& operator=(posix_file&& other) noexcept;

  /// Opens what was found in a directory, if it is a regular file; otherwise errno says why there is no descriptor.
  /// Never waits for the other end of a FIFO, follows no symbolic link, and does not open a device: that alone may act.
  static posix_file blocking_open_regular(const std::filesystem::path& path, int flags);

  boost::system::result<std::size_t> blocking_write_some(std::span<const std::byte> data) override;
  /// fdatasync(2): the file's bytes and size are on the device afterwards.
  error_code blocking_sync_data();
  /// fsync(2), also of a directory.
  error_code blocking_sync();
  /// The error is the last word on what was written: network file systems check quota and space no earlier. The
  /// descriptor is closed in any case, also by an interrupted close(2).
  error_code blocking_close() noexcept;

  int descriptor() const noexcept { return descriptor_; }
  std::uint64_t write_calls() const noexcept { return write_calls_.load(std::memory_order_relaxed); }
  std::uint64_t sync_calls() const noexcept { return sync_calls_.load(std::memory_order_relaxed); }

 private:
  int descriptor_ = -1;
  std::atomic<std::uint64_t> write_calls_{0};
  std::atomic<std::uint64_t> sync_calls_{0};
};

}  // namespace loopscope::writers
