// SPDX-License-Identifier: MIT

#include "part_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <vector>

namespace loopscope::writers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view part_suffix = ".part";
constexpr std::size_t unique_characters = 6;
constexpr mode_t output_mode = 0644;
/// An attempt to create a part fails only if another process's clean-up interferes or the name is taken.
constexpr int max_attempts = 16;
constexpr std::chrono::milliseconds lock_poll_period{5};

file_error failed(std::string_view operation, std::string path) {
  return {last_error(), operation, std::move(path)};
}

std::string parent_of(const fs::path& path) {
  const std::string directory = path.parent_path().string();
  return directory.empty() ? "." : directory;
}

std::string unique_part_name(const std::string& target) {
  constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::array<unsigned char, unique_characters> random{};
  [[maybe_unused]] const ssize_t filled = ::getrandom(random.data(), random.size(), 0);
  std::string name = target + ".";
  for (const unsigned char each : random) name += characters[each % characters.size()];
  return name.append(part_suffix);
}

bool is_part_of(std::string_view name, std::string_view target) {
  return name.size() == target.size() + 1 + unique_characters + part_suffix.size() && name.starts_with(target) &&
         name[target.size()] == '.' && name.ends_with(part_suffix);
}

/// errc::operation_would_block: somebody else has the lock. Any other error: the file system has no locks.
error_code try_lock(const posix_file& file) {
  while (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return last_error();
  return {};
}

bool is_held(error_code lock_error) {
  return lock_error == boost::system::errc::operation_would_block;
}

bool is_untouched(const posix_file& file) {
  struct stat found {};
  if (::fstat(file.descriptor(), &found) != 0) return false;
  const auto age = std::chrono::system_clock::now() - std::chrono::system_clock::from_time_t(found.st_mtime);
  return age > part_file::untouched;
}

/// Removes a part unless a living process writes it. Returns false if its lock is held.
bool blocking_remove_unless_locked(const fs::path& part, std::size_t& removed) {
  // Opened for writing, because NFS requires it for an exclusive lock.
  posix_file file = posix_file::blocking_open_regular(part, O_RDWR);
  if (file.descriptor() < 0 && errno == EACCES) file = posix_file::blocking_open_regular(part, O_RDONLY);
  if (file.descriptor() < 0) return true;
  const error_code lock_error = try_lock(file);
  if (is_held(lock_error)) return false;
  const bool abandoned = !lock_error || is_untouched(file);
  if (abandoned && ::unlink(part.c_str()) == 0) ++removed;
  return true;
}

std::vector<fs::path> blocking_find_parts(std::span<const fs::path> targets) {
  std::vector<fs::path> parts;
  if (targets.empty()) return parts;
  std::error_code error;
  for (fs::directory_iterator entry{parent_of(targets.front()), error}, end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::ranges::any_of(targets, [&](const fs::path& each) { return is_part_of(name, each.filename().string()); }))
      parts.push_back(entry->path());
  }
  return parts;
}

}  // namespace

part_file::part_file(std::string target, std::string part, posix_file directory, posix_file lock, error_code lock_error,
                     posix_file file)
    : target_(std::move(target)),
      part_(std::move(part)),
      directory_handle_(std::move(directory)),
      lock_(std::move(lock)),
      lock_error_(lock_error),
      file_(std::move(file)) {}

part_file::part_file(part_file&& other) noexcept
    : target_(std::move(other.target_)),
      part_(std::exchange(other.part_, {})),
      directory_handle_(std::move(other.directory_handle_)),
      lock_(std::move(other.lock_)),
      lock_error_(other.lock_error_),
      file_(std::move(other.file_)),
      directory_(std::move(other.directory_)) {}

file_result<part_file> part_file::blocking_create(const fs::path& target) {
  posix_file directory{::open(parent_of(target).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (directory.descriptor() < 0) return failed("open", target.string());
  for (int attempt = 1;; ++attempt) {
    const std::string part = unique_part_name(target.string());
    posix_file lock{::open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, output_mode)};
    if (lock.descriptor() < 0) {
      if (errno == EEXIST && attempt < max_attempts) continue;
      return failed("open", part);
    }
    const error_code lock_error = try_lock(lock);
    posix_file file{::open(part.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
    if (file.descriptor() < 0 && errno != ENOENT) {
      const file_error error = failed("open", part);
      ::unlink(part.c_str());
      return error;
    }
    // Until the part was locked, another process's clean-up could take it for an abandoned one. It then has no name any
    // more, or will lose it.
    const bool mine = !is_held(lock_error) && file.descriptor() >= 0;
    if (mine)
      return part_file{target.string(), part, std::move(directory), std::move(lock), lock_error, std::move(file)};
    if (attempt == max_attempts) return file_error{{EBUSY, boost::system::system_category()}, "open", part};
  }
}

file_result<void> part_file::blocking_commit() {
  if (const error_code error = file_.blocking_close()) return file_error{error, "close", part_};
  if (::rename(part_.c_str(), target_.c_str()) != 0) return failed("rename", part_);
  part_.clear();
  lock_.blocking_close();
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
  return parent_of(target_);
}

error_code part_file::blocking_discard() noexcept {
  error_code error;
  if (!part_.empty()) {
    const auto name_begin = part_.rfind('/') + 1;  // 0 without a slash
    const int removed = ::unlinkat(directory_handle_.descriptor(), part_.c_str() + name_begin, 0);
    if (removed != 0 && errno != ENOENT) error = last_error();
  }
  part_.clear();
  file_.blocking_close();
  lock_.blocking_close();
  return error;
}

std::size_t part_file::blocking_remove_abandoned(std::span<const fs::path> targets,
                                                 std::chrono::milliseconds patience) {
  std::size_t removed = 0;
  std::vector<fs::path> parts = blocking_find_parts(targets);
  const auto give_up = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::erase_if(parts, [&removed](const fs::path& each) { return blocking_remove_unless_locked(each, removed); });
    if (parts.empty() || std::chrono::steady_clock::now() >= give_up) return removed;
    std::this_thread::sleep_for(lock_poll_period);
  }
}

}  // namespace loopscope::writers
