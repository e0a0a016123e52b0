// SPDX-License-Identifier: MIT

#include "output_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "part_file.hpp"

namespace loopscope::writers {
namespace {

bool is_full(error_code error) {
  return error.value() == ENOSPC || error.value() == EDQUOT;
}

}  // namespace

file_result<prepared_directory> blocking_prepare_directory(const std::filesystem::path& directory,
                                                           std::span<const std::filesystem::path> targets) {
  std::error_code creation;
  std::filesystem::create_directories(directory, creation);
  if (creation && creation != std::errc::not_a_directory)
    return file_error{{creation.value(), boost::system::system_category()}, "mkdir", directory.string()};
  if (const error_code unusable = blocking_check_directory(directory))
    return file_error{unusable, "access", directory.string()};

  part_file::blocking_remove_abandoned(targets);
  // The longest name, so that no method's is too long for the path.
  const auto size = [](const std::filesystem::path& each) { return each.native().size(); };
  const auto tried = part_file::blocking_create(std::ranges::max(targets, {}, size));
  if (tried.has_value()) return prepared_directory{tried->lock_error()};
  if (is_full(tried.error().code)) return prepared_directory{};
  return tried.error();
}

error_code blocking_check_directory(const std::filesystem::path& directory) {
  struct stat found {};
  if (::stat(directory.c_str(), &found) != 0) return last_error();
  if (!S_ISDIR(found.st_mode)) return {ENOTDIR, boost::system::system_category()};
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) return last_error();
  return {};
}

}  // namespace loopscope::writers
