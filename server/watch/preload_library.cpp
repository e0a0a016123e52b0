// SPDX-License-Identifier: MIT

#include "preload_library.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace loopscope::watch {

namespace fs = std::filesystem;
namespace errc = boost::system::errc;

boost::system::result<fs::path> blocking_find_preload_library(const fs::path& program_folder) {
  const fs::path above = program_folder.parent_path();
  for (const fs::path& folder : {program_folder, above / "lib" / "loopscope", above / "lib"}) {
    std::error_code ignored;
    const fs::path library = folder / preload_library_name;
    if (fs::is_regular_file(library, ignored)) return library;
  }
  return errc::make_error_code(errc::no_such_file_or_directory);
}

boost::system::result<fs::path> blocking_find_program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return boost::system::error_code{error};
  return program.parent_path();
}

preload_path::preload_path(const fs::path& library) : text_{library.string()} {
  if (text_.find_first_of(" :$\t\n") == std::string::npos) return;
  descriptor_ = ::open(library.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), text_};
  text_ = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
}

preload_path::~preload_path() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace loopscope::watch
