// SPDX-License-Identifier: MIT

#include "output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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

/// The file that `path` leads to, if it is a regular file or does not exist. nullopt for others: a rename would replace
/// a device or a FIFO with a file and would not reach its readers.
std::optional<std::string> replaceable(const std::string& path) {
  constexpr int max_links = 40;  // the kernel's limit
  fs::path at = path;
  std::error_code error;
  for (int links = 0; links < max_links; ++links) {
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

/// The name of a temporary file in the directory of `target`, shortened to what the file system allows.
std::string temporary_name(const fs::path& target) {
  static std::atomic<unsigned> count{0};  // names that differ only at the end become the same when shortened
  constexpr long default_max_name = 255;
  const std::string suffix = "." + std::to_string(::getpid()) + "." + std::to_string(++count) + ".part";
  const fs::path directory = target.parent_path();
  const long shown = ::pathconf(directory.empty() ? "." : directory.c_str(), _PC_NAME_MAX);
  const auto max_name = static_cast<std::size_t>(shown > 0 ? shown : default_max_name);
  const std::string name = target.filename().string();
  return (directory / (name.substr(0, max_name - std::min(max_name, suffix.size())) + suffix)).string();
}

/// A new file in the directory of `target`, with the permissions of `target` if it exists. Removed unless it is
/// renamed.
class temporary_file {
 public:
  /// Throws std::system_error that names `path`.
  temporary_file(const std::string& target, const std::string& path) : name_(temporary_name(target)) {
    ::unlink(name_.c_str());  // left by a killed process with the same id
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
  /// Keeps the file under its temporary name.
  void keep() { name_.clear(); }

 private:
  std::string name_;
};

/// Writes and closes the file. Returns the error, 0 if every byte was written.
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
  const std::string note = "; the complete report is in " + part.name();
  part.keep();
  fail(*path_, error, note);
}

}  // namespace loopscope::probe
