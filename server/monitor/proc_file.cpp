#include "proc_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace loopscope::monitor {

proc_file::proc_file(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

proc_file::~proc_file() {
  if (fd_ >= 0) ::close(fd_);
}

std::string proc_file::read() const {
  if (fd_ < 0) return {};
  std::array<char, 4095> buffer;
  ssize_t size = 0;
  do {
    size = ::pread(fd_, buffer.data(), buffer.size(), 0);
  } while (size < 0 && errno == EINTR);
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string{};
}

}  // namespace loopscope::monitor
