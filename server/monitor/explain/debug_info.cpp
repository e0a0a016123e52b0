#include "debug_info.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "function_name.hpp"

namespace loopscope::monitor {
namespace {

/// An array of debugging information entries that libdw allocated with malloc.
class die_array {
 public:
  die_array() = default;
  die_array(const die_array&) = delete;
  die_array& operator=(const die_array&) = delete;
  ~die_array() { std::free(data_); }

  Dwarf_Die** out() noexcept { return &data_; }
  std::span<Dwarf_Die> first(int count) const noexcept {
    return {data_, count > 0 ? static_cast<std::size_t>(count) : std::size_t{0}};
  }

 private:
  Dwarf_Die* data_ = nullptr;
};

// libdwfl's own search may contact a debuginfod server, which would block the watchdog.
int find_separate_file(Dwfl_Module* module, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                       char**) {
  constexpr std::string_view digits = "0123456789abcdef";
  const unsigned char* id = nullptr;
  GElf_Addr address = 0;
  const int length = ::dwfl_module_build_id(module, &id, &address);
  if (length < 2) return -1;
  std::string path = "/usr/lib/debug/.build-id/";
  for (int i = 0; i < length; ++i) {
    path += {digits[id[i] >> 4U], digits[id[i] & 15U]};
    if (i == 0) path += '/';
  }
  return ::open((path + ".debug").c_str(), O_RDONLY | O_CLOEXEC);
}

constexpr Dwfl_Callbacks callbacks{&::dwfl_linux_proc_find_elf, &find_separate_file, nullptr, nullptr};

std::string name_of(const char* symbol) {
  return symbol ? tidy_function(demangle(symbol)) : std::string{};
}

std::string function_of(Dwarf_Die& die) {
  Dwarf_Attribute attribute;
  for (const unsigned linkage_name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (const char* mangled = ::dwarf_formstring(::dwarf_attr_integrate(&die, linkage_name, &attribute)))
      return name_of(mangled);
  }
  return name_of(::dwarf_diename(&die));
}

Dwarf_Word number_of(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  ::dwarf_formudata(::dwarf_attr(&die, name, &attribute), &value);
  return value;
}

struct place {
  std::string file;
  int line = 0;
};

std::string absolute(const char* file, const char* folder) {
  if (!file) return {};
  const bool complete = file[0] == '/' || !folder;
  return complete ? file : std::string(folder) + '/' + file;
}

place place_of(Dwfl_Module* module, std::uintptr_t address) {
  Dwfl_Line* const found = ::dwfl_module_getsrc(module, address);
  if (!found) return {};
  place out;
  const char* file = ::dwfl_lineinfo(found, nullptr, &out.line, nullptr, nullptr, nullptr);
  out.file = absolute(file, ::dwfl_line_comp_dir(found));
  return out;
}

/// Where an inlined function was called.
place call_of(Dwarf_Die& unit, Dwarf_Die& inlined) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (::dwarf_getsrcfiles(&unit, &files, &count) != 0) return {};
  Dwarf_Attribute attribute;
  const char* folder = ::dwarf_formstring(::dwarf_attr(&unit, DW_AT_comp_dir, &attribute));
  const char* file = ::dwarf_filesrc(files, number_of(inlined, DW_AT_call_file), nullptr, nullptr);
  return {absolute(file, folder), static_cast<int>(number_of(inlined, DW_AT_call_line))};
}

/// The compilation unit of an address. Clang writes no address index, so each unit has to be checked.
Dwarf_Die* unit_of(Dwfl_Module* module, std::uintptr_t address, Dwarf_Addr& bias) {
  if (Dwarf_Die* const indexed = ::dwfl_module_addrdie(module, address, &bias)) return indexed;
  for (Dwarf_Die* unit = nullptr; (unit = ::dwfl_module_nextcu(module, unit, &bias)) != nullptr;) {
    if (::dwarf_haspc(unit, address - bias) == 1) return unit;
  }
  return nullptr;
}

std::vector<stack_frame> described_frames(Dwfl_Module* module, std::uintptr_t address) {
  Dwarf_Addr bias = 0;
  Dwarf_Die* const unit = unit_of(module, address, bias);
  if (!unit) return {};
  // The scopes of an address lead from an inlined function to the place of its definition. The scopes of its debugging
  // entry lead to its caller.
  die_array scopes;
  const auto around = scopes.first(::dwarf_getscopes(unit, address - bias, scopes.out()));
  if (around.empty()) return {};
  die_array callers;
  const int depth = ::dwarf_getscopes_die(&scopes.first(1).front(), callers.out());

  std::vector<stack_frame> out;
  place at = place_of(module, address);
  for (Dwarf_Die& die : callers.first(depth)) {
    const int tag = ::dwarf_tag(&die);
    if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine) continue;
    out.push_back({function_of(die), std::move(at.file), at.line});
    if (tag == DW_TAG_subprogram) break;
    at = call_of(*unit, die);
  }
  return out;
}

/// Called by libdw when it has no memory. Its own handler would call exit(3) while other threads run. libdw's type has
/// this attribute, and Clang does not accept [[noreturn]] for it.
__attribute__((noreturn)) void end_without_memory() {
  if (const std::new_handler handler = std::get_new_handler()) handler();
  std::terminate();
}

bool is_system_library(std::string_view path) {
  return path.starts_with("/lib") || path.starts_with("/usr/lib") || path.starts_with("[vdso");
}

}  // namespace

void debug_info::closer::operator()(Dwfl* open) const noexcept {
  ::dwfl_end(open);
}

debug_info::debug_info() : modules_(::dwfl_begin(&callbacks)) {
  if (!modules_) return;
  ::dwfl_report_begin(modules_.get());
  ::dwfl_linux_proc_report(modules_.get(), ::getpid());
  ::dwfl_report_end(modules_.get(), nullptr, nullptr);
}

std::vector<stack_frame> debug_info::blocking_look_up(std::uintptr_t address) const {
  Dwfl_Module* const module = modules_ ? ::dwfl_addrmodule(modules_.get(), address) : nullptr;
  if (!module) return {stack_frame{}};
  Dwarf_Addr end = 0;
  const char* name = ::dwfl_module_info(module, nullptr, nullptr, &end, nullptr, nullptr, nullptr, nullptr);
  // For an address outside of all modules, dwfl_addrmodule returns the module before it.
  if (address >= end) return {stack_frame{}};
  const std::string_view path = name ? name : "";
  // The symbol has the full name of the compiled function. Debug information may name a lambda just "operator()".
  std::string compiled = name_of(::dwfl_module_addrname(module, address));
  if (is_system_library(path)) {
    // The distribution's source paths are of no use; the name of the library is.
    const bool vdso = path.starts_with("[vdso");
    if (compiled.empty() && vdso) compiled = "vdso";
    return {{std::move(compiled), vdso ? "[vdso]" : std::string(path), 0}};
  }
  Dwarf_Addr bias = 0;
  if (Dwarf* const info = ::dwfl_module_getdwarf(module, &bias)) ::dwarf_new_oom_handler(info, &end_without_memory);
  auto out = described_frames(module, address);
  if (out.empty()) {
    const place at = place_of(module, address);
    out.push_back({std::move(compiled), at.file, at.line});
  } else if (!compiled.empty()) {
    out.back().function = std::move(compiled);
  }
  return out;
}

}  // namespace loopscope::monitor
