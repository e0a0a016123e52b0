// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "../file_error.hpp"

namespace loopscope::writers {

/// A file whose write call may block. Tests inject faults here.
///
/// Units: bytes. Errors: the system call's errno.
/// Threads: its members may be called from several threads at once; each call's bytes stay together.
/// Lifetime: outlives every call and every async_file on top of it.
class blocking_file {
 public:
  virtual ~blocking_file() = default;

  /// One write of at least one byte at the file's current position; may be short.
  virtual boost::system::result<std::size_t> blocking_write_some(std::span<const std::byte> data) = 0;
  /// The same at a place of its own: threads that write at once need not wait for each other.
  virtual boost::system::result<std::size_t> blocking_write_some_at(std::uint64_t offset,
                                                                    std::span<const std::byte> data) = 0;
};

/// Writes all of `data`, continuing after short writes and EINTR.
///
/// Errors: the first errno; bytes written before it stay in the file. A call that writes nothing is EIO.
error_code blocking_write_all(blocking_file& file, std::span<const std::byte> data);
error_code blocking_write_all_at(blocking_file& file, std::uint64_t offset, std::span<const std::byte> data);

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

  /// Opens a directory entry if it is a regular file; otherwise the file has no descriptor and errno says why.
  /// It never waits for the other end of a FIFO, follows no symbolic link and opens no device, because opening a device
  /// can have an effect.
  static posix_file blocking_open_regular(const std::filesystem::path& path, int flags);

  boost::system::result<std::size_t> blocking_write_some(std::span<const std::byte> data) override;
  boost::system::result<std::size_t> blocking_write_some_at(std::uint64_t offset,
                                                            std::span<const std::byte> data) override;
  /// fdatasync(2): the file's bytes and size are on the device afterwards.
  error_code blocking_sync_data();
  /// fsync(2), also of a directory.
  error_code blocking_sync();
  /// Network file systems report a lack of quota or space only here. The descriptor is closed in any case, even if
  /// close(2) was interrupted.
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
