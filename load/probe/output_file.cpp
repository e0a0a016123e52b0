#include "output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <system_error>

namespace loopscope::probe {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, int error, const std::string& note = {}) {
  throw std::system_error(error == 0 ? EIO : error, std::generic_category(), "cannot write " + path + note);
}

/// The file that `path` leads to, when it is a regular one or none yet. Nothing for others: a rename would put a file
/// where a device or a FIFO was, and would not reach whoever has it open.
std::optional<std::string> replaceable(const std::string& path) {
  constexpr int most_links = 40;  // as the kernel has it
  fs::path at = path;
  std::error_code error;
  for (int links = 0; links < most_links; ++links) {
    const std::string text = fs::absolute(at).lexically_normal().string();
    const bool device = text.starts_with("/dev/") && !text.starts_with("/dev/shm/");
    if (device || text.starts_with("/proc/")) return std::nullopt;
    const fs::file_status status = fs::symlink_status(at, error);
    if (status.type() == fs::file_type::symlink) {
      at = at.parent_path() / fs::read_symlink(at, error);
      if (error) return std::nullopt;
      continue;
    }
    if (status.type() == fs::file_type::regular || status.type() == fs::file_type::not_found) return at.string();
    return std::nullopt;
  }
  return std::nullopt;
}

/// A new file beside `target`, with its permissions where it exists; removed unless it was renamed.
class temporary_file {
 public:
  /// Throws std::system_error that names `path`.
  temporary_file(const std::string& target, const std::string& path)
      : name_(target + "." + std::to_string(getpid()) + ".part") {
    ::unlink(name_.c_str());  // of a process that was killed and had the same id
    const int file = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) fail(path, errno);
    struct stat earlier {};
    if (::stat(target.c_str(), &earlier) == 0) ::fchmod(file, earlier.st_mode & 07777);
    ::close(file);
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  const std::string& name() const { return name_; }
  bool rename_to(const std::string& target) {
    if (std::rename(name_.c_str(), target.c_str()) != 0) return false;
    name_.clear();
    return true;
  }
  /// What is written stays under its temporary name.
  void keep() { name_.clear(); }

 private:
  std::string name_;
};

/// Writes and closes; answers the error, 0 when every byte was taken.
int write_and_close(std::ofstream& file, const std::function<void(std::ostream&)>& writer) {
  errno = 0;
  writer(file);
  file.flush();
  const int error = file ? 0 : errno;
  file.close();
  if (error != 0 || file) return error;
  return errno == 0 ? EIO : errno;
}

}  // namespace

output_file::output_file(const std::optional<std::string>& path) : path_(path) {
  if (!path_ || *path_ == "-") return;
  if (const auto target = replaceable(*path_)) {
    target_ = *target;
    if (::access(target_.c_str(), F_OK) == 0 && ::access(target_.c_str(), W_OK) != 0) fail(*path_, errno);
    const temporary_file trial(target_, *path_);
    return;
  }
  errno = 0;
  direct_.open(*path_);
  if (!direct_) fail(*path_, errno);
}

void output_file::write(const std::function<void(std::ostream&)>& writer) {
  if (!path_) return;
  if (!target_.empty()) return write_whole(writer);
  if (*path_ == "-") {
    errno = 0;
    writer(std::cout);
    std::cout.flush();
    if (!std::cout) fail("stdout", errno);
    return;
  }
  if (const int error = write_and_close(direct_, writer)) fail(*path_, error);
}

void output_file::write_whole(const std::function<void(std::ostream&)>& writer) {
  temporary_file part(target_, *path_);
  std::ofstream file(part.name());
  if (const int error = file ? write_and_close(file, writer) : errno) fail(*path_, error);
  if (part.rename_to(target_)) return;
  const int error = errno;
  const std::string note = "; the whole of it is in " + part.name();
  part.keep();
  fail(*path_, error, note);
}

}  // namespace loopscope::probe
