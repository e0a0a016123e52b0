#include "part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace loopscope::writers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view part_suffix = ".part";
constexpr std::string_view unique_infix = ".XXXXXX";  // mkostemps(3) fills it in
constexpr mode_t output_mode = 0644;

file_error failed(std::string_view operation, std::string path) {
  return {{errno, boost::system::system_category()}, operation, std::move(path)};
}

}  // namespace

part_file::part_file(std::string target, std::string part, posix_file file)
    : target_(std::move(target)), part_(std::move(part)), file_(std::move(file)) {}

part_file::part_file(part_file&& other) noexcept
    : target_(std::move(other.target_)),
      part_(std::exchange(other.part_, {})),
      file_(std::move(other.file_)),
      directory_(std::move(other.directory_)) {}

file_result<part_file> part_file::blocking_create(const fs::path& target) {
  std::string part = target.string();
  part.append(unique_infix).append(part_suffix);
  posix_file file{::mkostemps(part.data(), static_cast<int>(part_suffix.size()), O_CLOEXEC)};
  if (file.descriptor() < 0) return failed("open", part);
  part_file output{target.string(), std::move(part), std::move(file)};
  // The lock marks the part as somebody's: blocking_remove_abandoned() passes over it while this process lives.
  if (::flock(output.file_.descriptor(), LOCK_EX | LOCK_NB) != 0) return failed("flock", output.part_);
  if (::fchmod(output.file_.descriptor(), output_mode) != 0) return failed("fchmod", output.part_);
  return output;
}

file_result<void> part_file::blocking_commit() {
  if (::rename(part_.c_str(), target_.c_str()) != 0) return failed("rename", part_);
  part_.clear();
  return {};
}

file_result<void> part_file::blocking_sync_file() {
  if (const error_code error = file_.blocking_sync_data())
    return file_error{error, "fdatasync", part_.empty() ? target_ : part_};
  return {};
}

file_result<void> part_file::blocking_open_directory() {
  const std::string directory = directory_path();
  directory_ = posix_file{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory_.descriptor() < 0) return failed("open", directory);
  return {};
}

file_result<void> part_file::blocking_sync_directory() {
  if (const error_code error = directory_.blocking_sync()) return file_error{error, "fsync", directory_path()};
  return {};
}

std::string part_file::directory_path() const {
  const std::string directory = fs::path{target_}.parent_path().string();
  return directory.empty() ? "." : directory;
}

void part_file::blocking_discard() noexcept {
  if (!part_.empty()) ::unlink(part_.c_str());
  part_.clear();
  file_.close();
}

std::size_t part_file::blocking_remove_abandoned(const fs::path& target) {
  const std::string prefix = target.filename().string() + ".";
  const std::size_t length = target.filename().string().size() + unique_infix.size() + part_suffix.size();
  std::size_t removed = 0;
  std::error_code error;
  for (fs::directory_iterator entry{target.parent_path(), error}, end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() != length || !name.starts_with(prefix) || !name.ends_with(part_suffix)) continue;
    const posix_file file{::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    const bool abandoned = file.descriptor() >= 0 && ::flock(file.descriptor(), LOCK_EX | LOCK_NB) == 0;
    if (abandoned && ::unlink(entry->path().c_str()) == 0) ++removed;
  }
  return removed;
}

}  // namespace loopscope::writers
