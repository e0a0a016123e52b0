// SPDX-License-Identifier: MIT

#include "blocking_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/system/errc.hpp>
#include <cerrno>
#include <optional>
#include <utility>

namespace loopscope::writers {
namespace {

/// Without an offset at the file's current position.
error_code blocking_write_all(blocking_file& file, std::optional<std::uint64_t> offset,
                              std::span<const std::byte> data) {
  namespace errc = boost::system::errc;
  while (!data.empty()) {
    const auto written = offset ? file.blocking_write_some_at(*offset, data) : file.blocking_write_some(data);
    if (written.has_error()) {
      if (written.error() == errc::interrupted) continue;
      return written.error();
    }
    if (*written == 0) return make_error_code(errc::io_error);
    data = data.subspan(*written);
    if (offset) *offset += *written;
  }
  return {};
}

boost::system::result<std::size_t> as_result(ssize_t written) {
  if (written < 0) return last_error();
  return static_cast<std::size_t>(written);
}

}  // namespace

error_code blocking_write_all(blocking_file& file, std::span<const std::byte> data) {
  return blocking_write_all(file, std::nullopt, data);
}

error_code blocking_write_all_at(blocking_file& file, std::uint64_t offset, std::span<const std::byte> data) {
  return blocking_write_all(file, offset, data);
}

posix_file::posix_file(posix_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      write_calls_(other.write_calls()),
      sync_calls_(other.sync_calls()) {}

posix_file& posix_file::operator=(posix_file&& other) noexcept {
  if (this != &other) {
    blocking_close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    write_calls_ = other.write_calls();
    sync_calls_ = other.sync_calls();
  }
  return *this;
}

posix_file posix_file::blocking_open_regular(const std::filesystem::path& path, int flags) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISREG(found.st_mode)) {
    errno = EINVAL;
    return {};
  }
  // It may have been replaced since.
  posix_file file{::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
  if (file.descriptor() < 0 || ::fstat(file.descriptor(), &found) != 0) return {};
  if (!S_ISREG(found.st_mode)) {
    errno = EINVAL;
    return {};
  }
  return file;
}

boost::system::result<std::size_t> posix_file::blocking_write_some(std::span<const std::byte> data) {
  write_calls_.fetch_add(1, std::memory_order_relaxed);
  return as_result(::write(descriptor_, data.data(), data.size()));
}

boost::system::result<std::size_t> posix_file::blocking_write_some_at(std::uint64_t offset,
                                                                      std::span<const std::byte> data) {
  write_calls_.fetch_add(1, std::memory_order_relaxed);
  return as_result(::pwrite(descriptor_, data.data(), data.size(), static_cast<off_t>(offset)));
}

error_code posix_file::blocking_sync_data() {
  sync_calls_.fetch_add(1, std::memory_order_relaxed);
  return ::fdatasync(descriptor_) == 0 ? error_code{} : last_error();
}

error_code posix_file::blocking_sync() {
  sync_calls_.fetch_add(1, std::memory_order_relaxed);
  return ::fsync(descriptor_) == 0 ? error_code{} : last_error();
}

error_code posix_file::blocking_close() noexcept {
  if (descriptor_ < 0 || ::close(std::exchange(descriptor_, -1)) == 0 || errno == EINTR) return {};
  return last_error();
}

}  // namespace loopscope::writers
