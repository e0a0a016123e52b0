// SPDX-License-Identifier: MIT

#include "loaded_module.hpp"

#include <elf.h>
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "process_memory.hpp"
#include "writers/system/number.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::string_view debug_root = "/usr/lib/debug";
constexpr std::size_t max_headers = 64;
constexpr std::size_t max_notes = 64 * 1024;

std::string blocking_read_whole(const std::string& path) {
  std::string out;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return out;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  ::close(fd);
  return out;
}

std::string proc_path(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + '/' + std::string(name);
}

/// "BEGIN-END" in hexadecimal.
std::optional<std::pair<std::uintptr_t, std::uintptr_t>> parse_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = system::parse_number<std::uintptr_t>(text.substr(0, dash), 16);
  const auto end = system::parse_number<std::uintptr_t>(text.substr(dash + 1), 16);
  return begin && end ? std::optional{std::pair{*begin, *end}} : std::nullopt;
}

constexpr std::size_t aligned(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

std::string build_id_in(std::span<const char> notes) {
  while (notes.size() > sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    const std::size_t value = sizeof note + aligned(note.n_namesz);
    const std::size_t next = value + aligned(note.n_descsz);
    if (next > notes.size()) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(&notes[sizeof note], "GNU", 4) == 0)
      return {&notes[value], note.n_descsz};
    notes = notes.subspan(next);
  }
  return {};
}

/// The build ID in the memory of the process, so that of the code that runs.
std::string mapped_build_id(const loaded_module& module) {
  const process_memory memory(module.pid);
  const auto header = memory.blocking_read<ElfW(Ehdr)>(module.begin);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_phentsize != sizeof(ElfW(Phdr)))
    return {};
  std::vector<ElfW(Phdr)> parts(std::min<std::size_t>(header->e_phnum, max_headers));
  const auto bytes = std::as_writable_bytes(std::span(parts));
  if (memory.blocking_read(module.begin + header->e_phoff, bytes) != bytes.size()) return {};
  const auto first = std::ranges::find(parts, ElfW(Word){PT_LOAD}, &ElfW(Phdr)::p_type);
  if (first == parts.end()) return {};
  for (const auto& part : parts) {
    if (part.p_type != PT_NOTE) continue;
    std::vector<char> notes(std::min<std::size_t>(part.p_memsz, max_notes));
    const auto address = module.begin + (part.p_vaddr - (first->p_vaddr - first->p_offset));
    if (memory.blocking_read(address, std::as_writable_bytes(std::span(notes))) != notes.size()) continue;
    if (auto id = build_id_in(notes); !id.empty()) return id;
  }
  return {};
}

std::string build_id_of(Elf* elf) {
  const void* id = nullptr;
  const auto size = ::dwelf_elf_gnu_build_id(elf, &id);
  return size > 0 ? std::string(static_cast<const char*>(id), static_cast<std::size_t>(size)) : std::string{};
}

elf_file blocking_open_elf(const std::string& path, ino_t* inode = nullptr) {
  elf_file out;
  // The path may lead to something else by now. A FIFO must not block.
  out.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status {};
  if (out.fd < 0 || ::fstat(out.fd, &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (inode) *inode = status.st_ino;
  ::elf_version(EV_CURRENT);
  out.elf.reset(::elf_begin(out.fd, ELF_C_READ_MMAP_PRIVATE, nullptr));
  if (out.elf && ::elf_kind(out.elf.get()) != ELF_K_ELF) out.elf.reset();
  return out;
}

std::string below_root(pid_t pid, const std::string& path) {
  return pid == ::getpid() ? path : proc_path(pid, "root") + path;
}

std::string in_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {digits[byte >> 4U], digits[byte & 15U]};
  }
  return out;
}

const std::shared_ptr<const loaded_module>& no_module() {
  static const auto& none = *new std::shared_ptr<const loaded_module>;  // may be used during exit
  return none;
}

/// The checksum of .gnu_debuglink: CRC-32 of the whole file.
std::uint32_t checksum_of(Elf* elf) {
  constexpr auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < out.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0xedb88320U : 0U);
      out[i] = value;
    }
    return out;
  }();
  std::size_t size = 0;
  const char* content = ::elf_rawfile(elf, &size);
  if (!content) return 0;
  std::uint32_t crc = ~0U;
  for (std::size_t i = 0; i < size; ++i)
    crc = table[(crc ^ static_cast<unsigned char>(content[i])) & 255U] ^ (crc >> 8U);
  return ~crc;
}

}  // namespace

bool code_ranges::contains(std::uintptr_t address) const noexcept {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, [](const auto& range) { return range.first; });
  return after != ranges_.begin() && address < std::prev(after)->second;
}

code_ranges blocking_find_anonymous_code(pid_t pid) {
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> out;
  const auto maps = blocking_read_whole(proc_path(pid, "maps"));
  for (std::string_view rest = maps; !rest.empty();) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto range = parse_range(system::next_word(line));
    const bool is_code = system::next_word(line).find('x') != std::string_view::npos;
    system::next_word(line);  // the offset
    system::next_word(line);  // the device
    const bool is_anonymous = system::next_word(line) == "0" && line.find("[v") == std::string_view::npos;
    if (range && is_code && is_anonymous) out.push_back(*range);
  }
  return code_ranges(std::move(out));
}

std::vector<loaded_module> parse_modules(std::string_view maps, pid_t pid) {
  std::vector<loaded_module> out;
  std::uint64_t last_offset = 0;
  bool has_code = false;
  const auto drop_data = [&] {
    if (!out.empty() && !has_code) out.pop_back();
  };
  while (!maps.empty()) {
    auto line = maps.substr(0, maps.find('\n'));
    maps.remove_prefix(std::min(line.size() + 1, maps.size()));
    const auto range = system::next_word(line);
    const auto access = system::next_word(line);
    const auto offset = system::parse_number<std::uint64_t>(system::next_word(line), 16);
    system::next_word(line);  // the device, which some file systems report in two ways
    const auto inode = system::parse_number<ino_t>(system::next_word(line), 10);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const bool is_file = line.starts_with('/') && inode && *inode != 0;
    if (!offset || (!is_file && line != "[vdso]")) continue;
    constexpr std::string_view deleted = " (deleted)";
    if (line.ends_with(deleted)) line.remove_suffix(deleted.size());
    const auto addresses = parse_range(range);
    if (!addresses) continue;
    const auto [begin, end] = *addresses;
    const bool continues =
        !out.empty() && out.back().inode == inode && out.back().path == line && *offset > last_offset;
    if (!continues) {
      drop_data();
      has_code = false;
      out.push_back({pid, std::string(line), begin, end, end, inode.value_or(0), {}, false});
    }
    out.back().end = end;
    has_code = has_code || access.find('x') != std::string_view::npos;
    last_offset = *offset;
  }
  drop_data();
  return out;
}

bool loaded_modules::update() {
  const auto maps = blocking_read_whole(proc_path(pid_, "maps"));
  const auto hash = std::hash<std::string>{}(maps);
  if (hash == maps_hash_ && !modules_.empty()) return false;
  maps_hash_ = hash;

  struct stat program {};
  const bool has_program = ::stat(proc_path(pid_, "exe").c_str(), &program) == 0;
  std::vector<std::shared_ptr<const loaded_module>> read;
  for (auto& module : parse_modules(maps, pid_)) {
    module.is_program = has_program && module.inode == program.st_ino;
    module.build_id = mapped_build_id(module);
    const auto same = std::ranges::find_if(modules_, [&](const auto& known) { return *known == module; });
    read.push_back(same != modules_.end() ? *same : std::make_shared<const loaded_module>(std::move(module)));
  }
  const bool changed = read != modules_;
  modules_ = std::move(read);
  return changed;
}

const std::shared_ptr<const loaded_module>& loaded_modules::program() const {
  const auto found = std::ranges::find_if(modules_, [](const auto& module) { return module->is_program; });
  return found == modules_.end() ? no_module() : *found;
}

const std::shared_ptr<const loaded_module>& loaded_modules::find(std::uintptr_t address) const {
  const auto after = std::ranges::upper_bound(modules_, address, {}, [](const auto& module) { return module->begin; });
  if (after == modules_.begin()) return no_module();
  const auto& module = *std::prev(after);
  return address < module->end ? module : no_module();
}

void elf_closer::operator()(Elf* open) const noexcept {
  ::elf_end(open);
}

elf_file::elf_file(elf_file&& other) noexcept : fd(std::exchange(other.fd, -1)), elf(std::move(other.elf)) {}

elf_file::~elf_file() {
  elf.reset();
  if (fd >= 0) ::close(fd);
}

elf_file blocking_open(const loaded_module& module) {
  std::array<char, 64> mapping{};
  std::snprintf(mapping.data(), mapping.size(), "map_files/%lx-%lx", static_cast<unsigned long>(module.begin),
                static_cast<unsigned long>(module.first_end));
  std::vector<std::string> paths{below_root(module.pid, module.path)};
  if (module.is_program) paths.push_back(proc_path(module.pid, "exe"));
  paths.push_back(proc_path(module.pid, mapping.data()));
  for (const auto& path : paths) {
    ino_t inode = 0;
    auto file = blocking_open_elf(path, &inode);
    if (!file) continue;
    const bool is_same =
        module.build_id.empty() ? inode == module.inode : build_id_of(file.elf.get()) == module.build_id;
    if (is_same) return file;
  }
  return {};
}

elf_file blocking_open_debug_file(const loaded_module& module, const char* link, std::uint32_t checksum) {
  std::vector<std::string> paths;
  if (module.build_id.size() > 1) {
    const auto hex = in_hex(module.build_id);
    paths.push_back(std::string(debug_root) + "/.build-id/" + hex.substr(0, 2) + '/' + hex.substr(2) + ".debug");
  }
  // A link with a folder is that of a supplementary file (dwz), which libdw finds itself.
  if (link && *link != '\0' && std::strchr(link, '/') == nullptr) {
    const auto folder = module.path.substr(0, module.path.rfind('/') + 1);
    for (const auto& place : {folder, folder + ".debug/", std::string(debug_root) + folder})
      paths.push_back(place + link);
  }
  for (const auto& path : paths) {
    auto file = blocking_open_elf(below_root(module.pid, path));
    if (!file) continue;
    const bool is_same = module.build_id.empty() ? checksum_of(file.elf.get()) == checksum
                                                 : build_id_of(file.elf.get()) == module.build_id;
    if (is_same) return file;
  }
  return {};
}

}  // namespace loopscope::monitor
