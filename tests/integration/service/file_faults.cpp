// SPDX-License-Identifier: MIT

// Preloaded into the service: calls about files that fail or take long, as on file systems which this machine has not.
// Each is switched on by an environment variable; numbers are errno values.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

int number(const char* name) {
  const char* text = ::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

/// Of a file that still has its name, and the name of a part.
bool is_part(int descriptor) {
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  char path[4096];
  const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
  const std::string text{path, static_cast<std::size_t>(length < 0 ? 0 : length)};
  return text.ends_with(".part");
}

int fail(int error_value) {
  errno = error_value;
  return -1;
}

int plain(long result) {
  return static_cast<int>(result);
}

}  // namespace

extern "C" {

/// Closes, and then says that what was written could not be stored.
int close(int descriptor) {
  static const int error_value = number("FAULT_CLOSE");
  const bool fails = error_value != 0 && is_part(descriptor);
  const int result = plain(::syscall(SYS_close, descriptor));
  return fails ? fail(error_value) : result;
}

/// Fails, or takes its time before it locks and after it has locked.
int flock(int descriptor, int operation) noexcept {
  static const int failure = number("FAULT_FLOCK");
  static const int delay_ms = number("FAULT_FLOCK_DELAY_MS");
  if (failure != 0) return fail(failure);
  static const int pause_ms = number("FAULT_FLOCK_PAUSE_MS");
  ::usleep(static_cast<useconds_t>(delay_ms) * 1000);
  const int result = plain(::syscall(SYS_flock, descriptor, operation));
  const int error_value = errno;
  if (result == 0) ::usleep(static_cast<useconds_t>(pause_ms) * 1000);
  errno = error_value;
  return result;
}

/// Sleeps before every write to a part.
ssize_t write(int descriptor, const void* data, std::size_t size) {
  static const int delay_ms = number("FAULT_WRITE_DELAY_MS");
  if (delay_ms != 0 && is_part(descriptor)) {
    // The monitor's signal interrupts a sleep, so the sleep is continued.
    timespec left{.tv_sec = delay_ms / 1000, .tv_nsec = delay_ms % 1000 * 1'000'000L};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) continue;
  }
  return ::syscall(SYS_write, descriptor, data, size);
}

int fdatasync(int descriptor) {
  static const int error_value = number("FAULT_FDATASYNC");
  return error_value != 0 ? fail(error_value) : plain(::syscall(SYS_fdatasync, descriptor));
}

int rename(const char* from, const char* to) noexcept {
  static const int error_value = number("FAULT_RENAME");
  if (error_value != 0) return fail(error_value);
  return plain(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

/// For the directory in FAULT_GONE_MOUNT: waits while the file DIRECTORY.gone exists, and creates DIRECTORY.waiting
/// then.
int stat(const char* path, struct stat* into) noexcept {
  static const char* mount = ::getenv("FAULT_GONE_MOUNT");
  if (mount != nullptr && std::strcmp(path, mount) == 0) {
    const std::string gone = std::string{mount} + ".gone";
    while (::access(gone.c_str(), F_OK) == 0) {
      ::close(::open((std::string{mount} + ".waiting").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      ::usleep(10'000);
    }
  }
  return ::fstatat(AT_FDCWD, path, into, 0);
}
}
