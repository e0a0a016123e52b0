#include "output_file.hpp"

#include <cerrno>
#include <iostream>
#include <system_error>

namespace loopscope::probe {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno == 0 ? EIO : errno, std::generic_category(), "cannot write " + path);
}

}  // namespace

output_file::output_file(const std::optional<std::string>& path) : path_(path) {
  if (!path_ || *path_ == "-") return;
  errno = 0;
  file_.open(*path_, std::ios::trunc);
  if (!file_) fail(*path_);
}

void output_file::write(const std::function<void(std::ostream&)>& writer) {
  if (!path_) return;
  std::ostream& out = *path_ == "-" ? std::cout : file_;
  errno = 0;
  writer(out);
  out.flush();
  if (!out) fail(*path_);
}

}  // namespace loopscope::probe
