// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <boost/system/errc.hpp>
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

namespace detail {

/// `write` writes a part of what it is given, from its beginning.
template <class Write>
error_code blocking_write_all(Write write, std::span<const std::byte> data) {
  namespace errc = boost::system::errc;
  while (!data.empty()) {
    const boost::system::result<std::size_t> written = write(data);
    if (written.has_error()) {
      if (written.error() == errc::interrupted) continue;
      return written.error();
    }
    if (*written == 0) return make_error_code(errc::io_error);
    data = data.subspan(*written);
  }
  return {};
}

}  // namespace detail

/// A file descriptor that counts the system calls made through it.
///
/// Errors: errno as error_code. Threads: every member may be called from any thread, except moves.
/// Lifetime: owns the descriptor and closes it.
class posix_file final : public blocking_file {
 public:
  class batch;

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

/// Several writes of one thread: no call is virtual, and they are counted together, at the end. Between two system
/// calls caches and branch predictors are cold; a virtual call and a count that another core changes as well take 0.1
/// us and more of each write(2).
///
/// Lifetime: shorter than the file's.
class posix_file::batch {
 public:
  explicit batch(posix_file& file) noexcept : file_(file), descriptor_(file.descriptor_) {}
  ~batch() { file_.write_calls_.fetch_add(calls_, std::memory_order_relaxed); }
  batch(const batch&) = delete;
  batch& operator=(const batch&) = delete;

  boost::system::result<std::size_t> blocking_write_some(std::span<const std::byte> data) {
    ++calls_;
    return as_result(::write(descriptor_, data.data(), data.size()));
  }
  boost::system::result<std::size_t> blocking_write_some_at(std::uint64_t offset, std::span<const std::byte> data) {
    ++calls_;
    return as_result(::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset)));
  }

 private:
  static boost::system::result<std::size_t> as_result(ssize_t written) {
    if (written < 0) return last_error();
    return static_cast<std::size_t>(written);
  }

  posix_file& file_;
  const int descriptor_;
  std::uint64_t calls_ = 0;
};

/// Calls `write` with a posix_file::batch, or with `file` itself where it is none, and returns what that returns.
template <class Write>
auto blocking_write_batch(blocking_file& file, Write write) {
  if (auto* const real = dynamic_cast<posix_file*>(&file)) {
    posix_file::batch batch{*real};
    return write(batch);
  }
  return write(file);
}

/// Writes all of `data` to a blocking_file or a batch, continuing after short writes and EINTR.
///
/// Errors: the first errno; bytes written before it stay in the file. A call that writes nothing is EIO.
template <class File>
error_code blocking_write_all(File& file, std::span<const std::byte> data) {
  return detail::blocking_write_all([&file](auto rest) { return file.blocking_write_some(rest); }, data);
}
template <class File>
error_code blocking_write_all_at(File& file, std::uint64_t offset, std::span<const std::byte> data) {
  const auto write = [&file, &offset](auto rest) {
    const auto written = file.blocking_write_some_at(offset, rest);
    if (written) offset += *written;
    return written;
  };
  return detail::blocking_write_all(write, data);
}

}  // namespace loopscope::writers
