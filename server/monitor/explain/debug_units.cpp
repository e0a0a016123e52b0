// SPDX-License-Identifier: MIT

#include "debug_units.hpp"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "function_name.hpp"

namespace loopscope::monitor {
namespace {

/// Entries refer to one another, and a damaged file may have a circle.
constexpr int max_steps = 64;

/// Called by libdw when it has no memory. Its own handler would call exit(3) while other threads run. libdw's type has
/// this attribute, and Clang does not accept [[noreturn]] for it.
__attribute__((noreturn)) void end_without_memory() {
  if (const std::new_handler handler = std::get_new_handler()) handler();
  std::terminate();
}

Dwarf_Word number_of(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  ::dwarf_formudata(::dwarf_attr(&die, name, &attribute), &value);
  return value;
}

const char* text_of(Dwarf_Die& die, unsigned name) {
  Dwarf_Attribute attribute;
  return ::dwarf_formstring(::dwarf_attr(&die, name, &attribute));
}

template <class Function>
void for_each_child(Dwarf_Die& parent, Function&& visit) {
  Dwarf_Die child;
  if (::dwarf_child(&parent, &child) != 0) return;
  do {
    if (!visit(child)) return;
  } while (::dwarf_siblingof(&child, &child) == 0);
}

template <class Function>
void for_each_range(Dwarf_Die& die, Function&& visit) {
  Dwarf_Addr base = 0;
  Dwarf_Addr begin = 0;
  Dwarf_Addr end = 0;
  // A linker that drops a function leaves an address of 0 or of all ones.
  for (std::ptrdiff_t at = 0; (at = ::dwarf_ranges(&die, at, &base, &begin, &end)) > 0;)
    if (begin != 0 && begin < end) visit(begin, end);
}

/// The entry that has the code's debugging information: of a skeleton, the first of its .dwo file, if that was found.
std::optional<Dwarf_Die> content_of(Dwarf_Die& unit) {
  Dwarf_Half version = 0;
  std::uint8_t type = 0;
  Dwarf_Die split{};
  if (::dwarf_cu_info(unit.cu, &version, &type, nullptr, &split, nullptr, nullptr, nullptr) != 0) return unit;
  if (type != DW_UT_skeleton) return unit;
  if (!split.cu) return std::nullopt;
  ::dwarf_new_oom_handler(::dwarf_cu_getdwarf(split.cu), &end_without_memory);
  return split;
}

bool may_hold_functions(int tag) {
  switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
    case DW_TAG_inlined_subroutine:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
      return true;
    default:
      return false;
  }
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

place place_of(Dwarf_Die& unit, Dwarf_Addr address) {
  Dwarf_Line* const line = ::dwarf_getsrc_die(&unit, address);
  if (!line) return {};
  place out;
  ::dwarf_lineno(line, &out.line);
  out.file = absolute(::dwarf_linesrc(line, nullptr, nullptr), text_of(unit, DW_AT_comp_dir));
  return out;
}

/// Where an inlined function was called.
place call_of(Dwarf_Die& unit, Dwarf_Die& content, Dwarf_Die& inlined) {
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (::dwarf_getsrcfiles(&content, &files, &count) != 0) return {};
  const char* file = ::dwarf_filesrc(files, number_of(inlined, DW_AT_call_file), nullptr, nullptr);
  return {absolute(file, text_of(unit, DW_AT_comp_dir)), static_cast<int>(number_of(inlined, DW_AT_call_line))};
}

/// The entry with a function's name: a concrete or inlined one refers to it.
Dwarf_Die declaration_of(Dwarf_Die die) {
  for (int steps = 0; steps < max_steps; ++steps) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (!::dwarf_formref_die(::dwarf_attr(&die, DW_AT_abstract_origin, &attribute), &next) &&
        !::dwarf_formref_die(::dwarf_attr(&die, DW_AT_specification, &attribute), &next))
      break;
    die = next;
  }
  return die;
}

std::string function_of(Dwarf_Die die, int depth = 0);

bool is_type(int tag) {
  return tag == DW_TAG_class_type || tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/// The name with those of the namespaces, classes and functions around it. An entry has no link to the one around it,
/// but the entries of a level are in the order of their offsets.
std::string qualified_name(Dwarf_Die& function, int depth) {
  Dwarf_Die at;
  const char* const name = text_of(function, DW_AT_name);
  if (!name || !::dwarf_cu_die(function.cu, &at, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr)) return {};
  const auto wanted = ::dwarf_dieoffset(&function);
  std::string out;
  const auto add = [&](std::string_view part) { out.append(out.empty() ? "" : "::").append(part); };
  for (int steps = 0; steps < max_steps; ++steps) {
    std::optional<Dwarf_Die> around;
    for_each_child(at, [&](Dwarf_Die& child) {
      if (::dwarf_dieoffset(&child) > wanted) return false;
      around = child;
      return true;
    });
    if (!around || ::dwarf_dieoffset(&*around) == wanted) break;
    at = *around;
    const int tag = ::dwarf_tag(&at);
    const char* const part = text_of(at, DW_AT_name);
    if (tag == DW_TAG_subprogram) {
      out = function_of(at, depth + 1);
    } else if (tag == DW_TAG_namespace || is_type(tag)) {
      if (part && !std::string_view(part).starts_with("<lambda")) {
        add(tidy_function(part));
      } else if (is_type(tag) && std::string_view(name) == "operator()") {
        add("{lambda}");
      }
    }
  }
  add(tidy_function(name));
  return out;
}

std::string function_of(Dwarf_Die die, int depth) {
  if (depth == max_steps) return {};
  Dwarf_Attribute attribute;
  for (const unsigned linkage_name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (const char* mangled = ::dwarf_formstring(::dwarf_attr_integrate(&die, linkage_name, &attribute)))
      return tidy_function(demangle(mangled));
  }
  Dwarf_Die declaration = declaration_of(die);
  return qualified_name(declaration, depth);
}

/// The functions inlined at the address into the last of `around`, and into each other.
void add_inlined(std::vector<Dwarf_Die>& around, Dwarf_Die scope, Dwarf_Addr address, int depth = 0) {
  if (depth == max_steps) return;
  for_each_child(scope, [&](Dwarf_Die& child) {
    const int tag = ::dwarf_tag(&child);
    const bool is_inlined = tag == DW_TAG_inlined_subroutine;
    if (!is_inlined && tag != DW_TAG_lexical_block && tag != DW_TAG_try_block && tag != DW_TAG_catch_block) return true;
    if (::dwarf_haspc(&child, address) != 1) return true;
    if (is_inlined) around.push_back(child);
    add_inlined(around, child, address, depth + 1);
    return false;
  });
}

}  // namespace

debug_units::debug_units(Dwarf* info) : info_(info) {
  ::dwarf_new_oom_handler(info, &end_without_memory);
}

void debug_units::sort(ranges& out) {
  std::ranges::sort(out, {}, &range::begin);
  out.shrink_to_fit();
}

const debug_units::range* debug_units::find(const ranges& sorted, std::uint64_t address) {
  const auto after = std::ranges::upper_bound(sorted, address, {}, &range::begin);
  if (after == sorted.begin()) return nullptr;
  const auto& found = *std::prev(after);
  return address < found.end ? &found : nullptr;
}

std::uint64_t debug_units::unit_of(std::uint64_t address) {
  Dwarf_Aranges* index = nullptr;
  std::size_t count = 0;
  if (::dwarf_getaranges(info_, &index, &count) == 0) {
    Dwarf_Off unit = 0;
    if (::dwarf_getarangeinfo(::dwarf_getarange_addr(index, address), nullptr, nullptr, &unit) == 0) return unit;
  }
  if (!std::exchange(has_units_, true)) {
    Dwarf_CU* unit = nullptr;
    Dwarf_Die first;
    std::uint8_t type = 0;
    while (::dwarf_get_units(info_, unit, &unit, nullptr, &type, &first, nullptr) == 0) {
      if (type != DW_UT_compile && type != DW_UT_skeleton) continue;
      const auto entry = ::dwarf_dieoffset(&first);
      for_each_range(first, [&](Dwarf_Addr begin, Dwarf_Addr end) { units_.push_back({begin, end, entry}); });
    }
    sort(units_);
  }
  const auto* found = find(units_, address);
  return found ? found->entry : 0;
}

const debug_units::ranges& debug_units::functions_of(std::uint64_t unit) {
  const auto [known, is_new] = functions_.try_emplace(unit);
  if (!is_new) return known->second;
  ranges& out = known->second;
  Dwarf_Die first;
  if (!::dwarf_offdie(info_, unit, &first)) return out;
  const auto content = content_of(first);
  if (!content) return out;
  std::vector<Dwarf_Die> levels{*content};
  Dwarf_Die next;
  // Depth first. An entry that can hold no function is skipped with all that is in it.
  bool descend = true;
  for (;;) {
    if (descend && ::dwarf_child(&levels.back(), &next) == 0) {
      levels.push_back(next);
    } else {
      while (levels.size() > 1 && ::dwarf_siblingof(&levels.back(), &levels.back()) != 0) levels.pop_back();
      if (levels.size() == 1) break;
    }
    Dwarf_Die& at = levels.back();
    const int tag = ::dwarf_tag(&at);
    descend = may_hold_functions(tag);
    if (tag != DW_TAG_subprogram) continue;
    const auto entry = ::dwarf_dieoffset(&at);
    for_each_range(at, [&](Dwarf_Addr begin, Dwarf_Addr end) { out.push_back({begin, end, entry}); });
  }
  sort(out);
  return out;
}

std::vector<stack_frame> debug_units::blocking_look_up(std::uintptr_t address) {
  const auto offset = unit_of(address);
  Dwarf_Die unit;
  if (offset == 0 || !::dwarf_offdie(info_, offset, &unit)) return {};
  place at = place_of(unit, address);
  const auto* function = find(functions_of(offset), address);
  const auto content = content_of(unit);
  if (!function || !content) return {stack_frame{{}, std::move(at.file), at.line}};

  Dwarf_Die first = *content;
  Dwarf_Die compiled;
  if (!::dwarf_offdie(::dwarf_cu_getdwarf(first.cu), function->entry, &compiled))
    return {stack_frame{{}, std::move(at.file), at.line}};
  std::vector<Dwarf_Die> around{compiled};
  add_inlined(around, compiled, address);
  std::vector<stack_frame> out;
  for (; !around.empty(); around.pop_back()) {
    out.push_back({function_of(around.back()), std::move(at.file), at.line});
    if (around.size() > 1) at = call_of(unit, first, around.back());
  }
  return out;
}

}  // namespace loopscope::monitor
