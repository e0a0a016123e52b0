// SPDX-License-Identifier: MIT

#include "debug_info.hpp"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "blame.hpp"
#include "debug_units.hpp"
#include "function_name.hpp"

namespace loopscope::monitor {
namespace {

// libdwfl's own searches may contact a debuginfod server, and do not check that a file is the one that runs.
int find_image(Dwfl_Module*, void** user, const char*, Dwarf_Addr, char** file_name, Elf** elf) {
  const auto& module = *static_cast<const loaded_module*>(*user);
  auto file = blocking_open(module);
  if (!file) return -1;
  *file_name = ::strdup(module.path.c_str());
  *elf = file.elf.release();
  return std::exchange(file.fd, -1);
}

int find_debug_file(Dwfl_Module*, void** user, const char*, Dwarf_Addr, const char*, const char* link,
                    GElf_Word checksum, char**) {
  auto file = blocking_open_debug_file(*static_cast<const loaded_module*>(*user), link, checksum);
  return std::exchange(file.fd, -1);
}

constexpr Dwfl_Callbacks callbacks{&find_image, &find_debug_file, nullptr, nullptr};

struct dwfl_closer {
  void operator()(Dwfl* open) const noexcept { ::dwfl_end(open); }
};

/// A function of a symbol table. The name belongs to the open file.
struct symbol {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  int binding = 0;
  const char* name = nullptr;
};

std::vector<symbol> read_symbols(Dwfl_Module* module) {
  std::vector<symbol> out;
  const int count = ::dwfl_module_getsymtab(module);
  for (int i = 1; i < count; ++i) {
    GElf_Sym entry;
    GElf_Addr address = 0;
    GElf_Word section = 0;
    const char* name = ::dwfl_module_getsym_info(module, i, &entry, &address, &section, nullptr, nullptr);
    if (!name || *name == '\0' || section == SHN_UNDEF) continue;
    const int type = GELF_ST_TYPE(entry.st_info);
    const int binding = GELF_ST_BIND(entry.st_info);
    // Assembly code may have symbols without a type. Local ones among them, such as $x, only mark kinds of content.
    const bool is_code = type == STT_FUNC || type == STT_GNU_IFUNC || (type == STT_NOTYPE && binding != STB_LOCAL);
    if (is_code) out.push_back({address, entry.st_size, binding, name});
  }
  // The last of those at one address is found first: the function's public name, if it has several.
  const auto rank = [](const symbol& s) {
    return std::tuple(s.size > 0,
                      !std::string_view(s.name).starts_with("__") && !std::string_view(s.name).starts_with("_IO"),
                      s.binding == STB_GLOBAL, s.binding == STB_WEAK);
  };
  std::ranges::stable_sort(out, [&](const symbol& a, const symbol& b) {
    return a.begin != b.begin ? a.begin < b.begin : rank(a) < rank(b);
  });
  out.shrink_to_fit();
  return out;
}

/// The symbol whose size covers the address, else the last one before it that has no size.
const symbol* find_symbol(const std::vector<symbol>& sorted, std::uint64_t address) {
  constexpr int max_labels = 16;
  const symbol* sizeless = nullptr;
  auto at = std::ranges::upper_bound(sorted, address, {}, &symbol::begin);
  for (int i = 0; i < max_labels && at != sorted.begin(); ++i) {
    --at;
    if (at->size == 0) {
      if (!sizeless) sizeless = &*at;
    } else if (address - at->begin < at->size) {
      return &*at;
    }
  }
  return sizeless;
}

bool is_vdso(const loaded_module& module) {
  return module.path == "[vdso]";
}

bool is_system_library(const loaded_module& module) {
  if (module.path.ends_with(preloaded_library)) return true;
  return !module.is_program && (module.path.starts_with("/lib") || module.path.starts_with("/usr/lib"));
}

/// A file of another process; empty in this one, which shows a frame without any name as such.
std::string path_of_other(const loaded_module& module) {
  return module.pid == ::getpid() ? std::string{} : module.path;
}

}  // namespace

/// The names in one module's files.
class module_names {
 public:
  explicit module_names(const loaded_module& module) : module_(module), files_(::dwfl_begin(&callbacks)) {
    if (!files_) return;
    ::dwfl_report_begin(files_.get());
    dwfl_module_ = ::dwfl_report_module(files_.get(), module.path.c_str(), module.begin, module.end);
    void** user = nullptr;
    if (dwfl_module_ && ::dwfl_module_info(dwfl_module_, &user, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr))
      *user = const_cast<loaded_module*>(&module);
    ::dwfl_report_end(files_.get(), nullptr, nullptr);
    GElf_Addr bias = 0;
    if (!user || !::dwfl_module_getelf(dwfl_module_, &bias)) dwfl_module_ = nullptr;
  }

  std::vector<stack_frame> blocking_look_up(std::uintptr_t address) {
    if (!dwfl_module_) return {{{}, path_of_other(module_), 0}};
    auto compiled = symbol_name(address);
    // The distribution's source paths are of no use; the name of the library is.
    if (is_system_library(module_)) return {{std::move(compiled), module_.path, 0}};
    std::vector<stack_frame> out;
    if (auto* const units = open_units()) out = units->blocking_look_up(address - bias_);
    if (out.empty()) out.emplace_back();
    // The symbol has the full name of the compiled function, which debug information may lack.
    if (!compiled.empty()) out.back().function = std::move(compiled);
    if (out.back().function.empty() && out.back().file.empty()) out.back().file = path_of_other(module_);
    return out;
  }

  /// Reads the unit of main().
  void blocking_warm_up() {
    if (!dwfl_module_) return;
    symbol_name(0);
    const auto found =
        std::ranges::find_if(symbols_, [](const symbol& s) { return std::string_view(s.name) == "main"; });
    if (found != symbols_.end()) blocking_look_up(found->begin);
  }

  std::size_t units_read() const { return units_ ? units_->units_read() : 0; }

 private:
  debug_units* open_units() {
    if (!std::exchange(units_opened_, true)) {
      if (Dwarf* const info = ::dwfl_module_getdwarf(dwfl_module_, &bias_)) units_.emplace(info);
    }
    return units_ ? &*units_ : nullptr;
  }

  std::string symbol_name(std::uintptr_t address) {
    if (!std::exchange(symbols_read_, true)) symbols_ = read_symbols(dwfl_module_);
    const auto* const found = find_symbol(symbols_, address);
    return found ? tidy_function(demangle(found->name)) : std::string{};
  }

  const loaded_module& module_;
  std::unique_ptr<Dwfl, dwfl_closer> files_;
  Dwfl_Module* dwfl_module_ = nullptr;
  bool symbols_read_ = false;
  std::vector<symbol> symbols_;
  bool units_opened_ = false;
  Dwarf_Addr bias_ = 0;
  std::optional<debug_units> units_;
};

debug_info::debug_info(pid_t pid) : modules_(pid) {}

debug_info::~debug_info() = default;

bool debug_info::update() {
  if (!modules_.update()) return false;
  std::erase_if(open_, [&](const auto& known) { return modules_.find(known.first->begin) != known.first; });
  return true;
}

std::vector<stack_frame> debug_info::blocking_look_up(std::uintptr_t address) {
  const auto& module = module_of(address);
  if (!module) return {stack_frame{}};
  if (is_vdso(*module)) return {{"vdso", module->path, 0}};
  return names_of(module).blocking_look_up(address);
}

void debug_info::blocking_warm_up() {
  if (const auto& program = modules_.program()) names_of(program).blocking_warm_up();
}

module_names& debug_info::names_of(const std::shared_ptr<const loaded_module>& module) {
  auto& names = open_[module];
  if (!names) names = std::make_unique<module_names>(*module);
  return *names;
}

void debug_info::close() {
  open_.clear();
}

std::size_t debug_info::units_read() const {
  std::size_t out = 0;
  for (const auto& [module, names] : open_) out += names->units_read();
  return out;
}

}  // namespace loopscope::monitor
