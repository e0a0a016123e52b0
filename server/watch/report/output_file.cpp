// SPDX-License-Identifier: MIT

#include "output_file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "printable_text.hpp"

namespace loopscope::watch {
namespace {

namespace fs = std::filesystem;

constexpr mode_t output_mode = 0666;  // the umask takes its part

/// A write to a pipe without a reader fails with EPIPE, and nothing else happens.
class ignored_sigpipe {
 public:
  ignored_sigpipe() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &previous_);
  }
  ~ignored_sigpipe() { ::sigaction(SIGPIPE, &previous_, nullptr); }
  ignored_sigpipe(const ignored_sigpipe&) = delete;
  ignored_sigpipe& operator=(const ignored_sigpipe&) = delete;

 private:
  struct sigaction previous_ {};
};

std::string failure(const fs::path& file, int error) {
  return printable(file.string()) + " could not be written: " + std::system_category().message(error) + '.';
}

/// Returns 0 or errno.
int blocking_write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written == 0) return EIO;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// Returns 0 or errno.
int blocking_write_to(const fs::path& file, int flags, std::string_view content) {
  // O_NONBLOCK: a FIFO without a reader is an error; nobody waits for one that may never come.
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags, output_mode);
  if (descriptor < 0) return errno;
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  const int write_error = blocking_write_all(descriptor, content);
  // Some file systems report a lack of space only now.
  const int close_error = ::close(descriptor) != 0 && errno != EINTR ? errno : 0;
  return write_error != 0 ? write_error : close_error;
}

/// A device, a FIFO, or a descriptor of this process, as /dev/stdout is.
bool must_be_written_directly(const fs::path& file) {
  if (file.native().starts_with("/dev/") || file.native().starts_with("/proc/")) return true;
  std::error_code none;
  const auto status = fs::status(file, none);
  return fs::exists(status) && !fs::is_regular_file(status);
}

/// What a symbolic link leads to; the path itself where that does not exist.
fs::path resolved(const fs::path& file) {
  std::error_code error;
  auto target = fs::canonical(file, error);
  return error ? file : target;
}

int blocking_replace(const fs::path& target, std::string_view content) {
  auto part = target;
  part += ".part";
  int error = blocking_write_to(part, O_CREAT | O_TRUNC | O_NOFOLLOW, content);
  if (error == 0 && ::rename(part.c_str(), target.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(part.c_str());
  return error;
}

}  // namespace

std::string blocking_replace_file(const fs::path& file, std::string_view content) {
  const ignored_sigpipe no_signal;
  const int error = must_be_written_directly(file) ? blocking_write_to(file, O_APPEND, content)
                                                   : blocking_replace(resolved(file), content);
  return error == 0 ? std::string{} : failure(file, error);
}

}  // namespace loopscope::watch
