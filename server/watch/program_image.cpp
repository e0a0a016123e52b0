// SPDX-License-Identifier: MIT

#include "program_image.hpp"

#include <fcntl.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace loopscope::watch {
namespace {

constexpr std::size_t max_path_bytes = 4096;

struct end_elf {
  void operator()(Elf* elf) const noexcept { ::elf_end(elf); }
};
using elf_file = std::unique_ptr<Elf, end_elf>;

class open_file {
 public:
  explicit open_file(const std::string& path) noexcept : descriptor_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
  ~open_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;

  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

std::string blocking_read_interpreter(Elf* elf, int descriptor) {
  std::size_t count = 0;
  if (::elf_getphdrnum(elf, &count) != 0) return {};
  for (std::size_t each = 0; each < count; ++each) {
    GElf_Phdr segment{};
    if (!::gelf_getphdr(elf, static_cast<int>(each), &segment) || segment.p_type != PT_INTERP) continue;
    std::string path(std::min<std::size_t>(segment.p_filesz, max_path_bytes), '\0');
    const auto size = ::pread(descriptor, path.data(), path.size(), static_cast<off_t>(segment.p_offset));
    path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return path.substr(0, path.find('\0'));
  }
  return {};
}

bool has_go_section(Elf* elf) {
  std::size_t names = 0;
  if (::elf_getshdrstrndx(elf, &names) != 0) return false;
  for (Elf_Scn* each = ::elf_nextscn(elf, nullptr); each != nullptr; each = ::elf_nextscn(elf, each)) {
    GElf_Shdr section{};
    if (!::gelf_getshdr(each, &section)) continue;
    const char* name = ::elf_strptr(elf, names, section.sh_name);
    if (name != nullptr && (name == std::string_view{".go.buildinfo"} || name == std::string_view{".note.go.buildid"}))
      return true;
  }
  return false;
}

bool is_of_this_machine(const GElf_Ehdr& header) {
  static const auto own = [] {
    GElf_Ehdr out{};
    const open_file file{"/proc/self/exe"};
    const elf_file elf{::elf_begin(file.descriptor(), ELF_C_READ, nullptr)};
    ::gelf_getehdr(elf.get(), &out);
    return out;
  }();
  return header.e_machine == own.e_machine && header.e_ident[EI_CLASS] == own.e_ident[EI_CLASS];
}

}  // namespace

std::optional<program_image> blocking_read_program_image(const std::string& path) {
  ::elf_version(EV_CURRENT);
  const open_file file{path};
  if (file.descriptor() < 0) return std::nullopt;
  // Read, not mapped: somebody may cut the file.
  const elf_file elf{::elf_begin(file.descriptor(), ELF_C_READ, nullptr)};
  GElf_Ehdr header{};
  if (!elf || !::gelf_getehdr(elf.get(), &header)) return std::nullopt;
  return program_image{blocking_read_interpreter(elf.get(), file.descriptor()), has_go_section(elf.get()),
                       is_of_this_machine(header)};
}

}  // namespace loopscope::watch
