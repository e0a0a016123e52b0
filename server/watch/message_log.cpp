// SPDX-License-Identifier: MIT

#include "message_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "server/support/standard_streams.hpp"

namespace loopscope::watch {

message_log::message_log(const std::filesystem::path& file) {
  constexpr mode_t access = 0666;
  descriptor_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, access);
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), file.string());
}

message_log::~message_log() {
  if (descriptor_ > 2) ::close(descriptor_);
}

void message_log::write(std::string_view text) {
  const std::lock_guard lock(mutex_);
  static_cast<void>(blocking_write_all(descriptor_, text));
}

}  // namespace loopscope::watch
