// SPDX-License-Identifier: MIT

#include "blocking_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace loopscope::writers {
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
  return batch{*this}.blocking_write_some(data);
}

boost::system::result<std::size_t> posix_file::blocking_write_some_at(std::uint64_t offset,
                                                                      std::span<const std::byte> data) {
  return batch{*this}.blocking_write_some_at(offset, data);
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
