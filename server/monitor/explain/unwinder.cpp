// SPDX-License-Identifier: MIT

#include "unwinder.hpp"

#include <elf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <map>
#include <span>
#include <utility>

#include "call_instruction.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_frames = 1024;
// Each one costs a walk. A frame's own words are seldom mistaken for its end.
constexpr int max_tried_frame_pointers = 16;
// A function saves at most six registers below its frame pointer.
constexpr std::size_t max_saved_bytes = 56;

#if defined(__aarch64__)
constexpr unsigned frame_pointer_register = 29;
constexpr unsigned stack_pointer_register = 31;
// A return address may be signed in its upper bits.
constexpr std::uintptr_t code_address(std::uintptr_t address) {
  return address & ((std::uintptr_t{1} << 48U) - 1);
}
#else
constexpr unsigned frame_pointer_register = 6;
constexpr unsigned stack_pointer_register = 7;
constexpr std::uintptr_t code_address(std::uintptr_t address) {
  return address;
}
#endif

/// What is known of a frame when the one inside of it has been left by hand.
struct caller {
  std::uintptr_t program_counter = 0;
  std::uintptr_t stack_pointer = 0;
  std::optional<std::uintptr_t> frame_pointer;
};

/// A thread's registers, as far as they are known, and the upper end of its stack.
struct unwound_thread {
  const process_memory* memory = nullptr;
  const stack_copy* copy = nullptr;
  std::optional<caller> begin;  ///< in place of the thread's own registers
  std::optional<std::uintptr_t> frame_pointer;
  bool needed_other_memory = false;

  std::optional<std::uintptr_t> copied_word(std::uintptr_t address) const {
    const auto offset = address - copy->begin;
    std::uintptr_t word = 0;
    if (address < copy->begin || offset + sizeof word > copy->content.size()) return std::nullopt;
    std::memcpy(&word, copy->content.data() + offset, sizeof word);
    return word;
  }

  std::optional<std::uintptr_t> blocking_word(std::uintptr_t address) {
    const auto copied = copied_word(address);
    if (copied) return copied;
    needed_other_memory = true;
    return memory->blocking_read<std::uintptr_t>(address);
  }
};

pid_t no_next_thread(Dwfl*, void*, void**) {
  return 0;
}

bool get_thread(Dwfl*, pid_t, void* state, void** thread) {
  *thread = state;
  return true;
}

bool read_memory(Dwfl*, Dwarf_Addr address, Dwarf_Word* out, void* state) {
  const auto word = static_cast<unwound_thread*>(state)->blocking_word(address);
  if (word) *out = *word;
  return word.has_value();
}

bool set_register(Dwfl_Thread* thread, unsigned number, Dwarf_Word value) {
  return ::dwfl_thread_state_registers(thread, static_cast<int>(number), 1, &value);
}

bool set_registers(Dwfl_Thread* thread, void* state) {
  const auto& known = *static_cast<const unwound_thread*>(state);
  const auto& call = known.copy->state.call;
  const auto program_counter = known.begin ? known.begin->program_counter : call.program_counter;
  const auto stack_pointer = known.begin ? known.begin->stack_pointer : call.stack_pointer;
  if (known.copy->registers && !known.frame_pointer && !known.begin) {
    for (std::size_t i = 0; i < thread_registers::program_counter; ++i) {
      if (!set_register(thread, static_cast<unsigned>(i), known.copy->registers->values[i])) return false;
    }
  }
#if defined(__aarch64__)
  ::dwfl_thread_state_register_pc(thread, program_counter);
#else
  constexpr unsigned program_counter_register = 16;
  if (!set_register(thread, program_counter_register, program_counter)) return false;
#endif
  if (known.frame_pointer && !set_register(thread, frame_pointer_register, *known.frame_pointer)) return false;
  return set_register(thread, stack_pointer_register, stack_pointer);
}

// libdwfl's own report takes a file that is mapped as data for code if it happens to lie beside the code. Its own
// search does not check that the file is the one that runs.
int find_image(Dwfl_Module* module, void** user, const char*, Dwarf_Addr base, char** file_name, Elf** elf) {
  const auto& loaded = *static_cast<const loaded_module*>(*user);
  if (auto file = blocking_open(loaded)) {
    *file_name = ::strdup(loaded.path.c_str());
    *elf = file.elf.release();
    return std::exchange(file.fd, -1);
  }
  // Without the file, its image in memory will do. libdwfl reads that under this name.
  const auto name = loaded.path + " (deleted)";
  return ::dwfl_linux_proc_find_elf(module, user, name.c_str(), base, file_name, elf);
}

// Unwinding needs no debug information, and libdwfl's own search may ask a debuginfod server.
int find_no_debug_information(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                              char**) {
  return -1;
}

constexpr Dwfl_Callbacks file_callbacks{&find_image, &find_no_debug_information, nullptr, nullptr};
constexpr Dwfl_Thread_Callbacks thread_callbacks{&no_next_thread, &get_thread, &read_memory,
                                                 &set_registers,  nullptr,     nullptr};

struct closer {
  void operator()(Dwfl* open) const noexcept { ::dwfl_end(open); }
};

/// The functions of one file in ascending order, from its section .eh_frame_hdr in memory.
struct function_index {
  std::uintptr_t header = 0;
  std::uint32_t count = 0;

  std::optional<std::uintptr_t> blocking_start(const process_memory& memory, std::uint32_t position) const {
    constexpr std::size_t first_entry = 12;
    constexpr std::size_t entry_size = 8;
    const auto distance = memory.blocking_read<std::int32_t>(header + first_entry + position * entry_size);
    if (!distance) return std::nullopt;
    return header + static_cast<std::uintptr_t>(std::intptr_t{*distance});
  }
};

struct frame {
  std::uintptr_t program_counter = 0;
  std::uintptr_t stack_pointer = 0;
  bool is_copied = true;  ///< known from the copy of the stack alone
};

struct walk {
  std::vector<frame> frames;
  bool has_tables = false;                      ///< for the last frame
  std::optional<caller> left_by_hand;           ///< the caller of the last frame, which libdwfl would not find
  bool has_frame_pointers = false;              ///< the last frame is of code that has them in place of tables
  std::optional<std::uintptr_t> frame_pointer;  ///< in the last frame
};

/// How a return address came onto the stack.
enum class call_kind : std::uint8_t { none, direct, indirect };

}  // namespace

struct unwinder::modules {
  explicit modules(pid_t of, const loaded_modules& all)
      : process(of), loaded(all.all()), files(::dwfl_begin(&file_callbacks)) {
    if (!files) return;
    ::dwfl_report_begin(files.get());
    for (const auto& each : loaded) {
      if (!program) {
        if (auto file = blocking_open(*each)) program.emplace(std::move(file));
      }
      auto* const module = ::dwfl_report_module(files.get(), each->path.c_str(), each->begin, each->end);
      void** user = nullptr;
      if (module && ::dwfl_module_info(module, &user, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr))
        *user = const_cast<loaded_module*>(each.get());
    }
    ::dwfl_report_end(files.get(), nullptr, nullptr);
    // It takes the architecture from any of the files.
    attached = program && ::dwfl_attach_state(files.get(), program->elf.get(), of, &thread_callbacks, &thread);
  }

  Dwfl_Module* module_at(std::uintptr_t address) const {
    Dwfl_Module* const module = files ? ::dwfl_addrmodule(files.get(), address) : nullptr;
    if (!module) return nullptr;
    Dwarf_Addr end = 0;
    ::dwfl_module_info(module, nullptr, nullptr, &end, nullptr, nullptr, nullptr, nullptr);
    // For an address outside of all modules, dwfl_addrmodule returns the module before it.
    return address < end ? module : nullptr;
  }

  bool has_tables(std::uintptr_t address) const {
    Dwfl_Module* const module = module_at(address);
    Dwarf_Addr bias = 0;
    Dwarf_CFI* const tables = module ? ::dwfl_module_eh_cfi(module, &bias) : nullptr;
    Dwarf_Frame* found = nullptr;
    if (!tables || ::dwarf_cfi_addrframe(tables, address - bias, &found) != 0) return false;
    std::free(found);
    return true;
  }

  // libdw tells the range of a row of the tables, but not that of the function.
  std::optional<std::uintptr_t> function_start(std::uintptr_t address) {
    if (!has_tables(address)) return std::nullopt;
    Dwfl_Module* const module = module_at(address);
    const auto [known, is_new] = indexes.try_emplace(module);
    if (is_new) known->second = blocking_find_index(module);
    const auto& index = known->second;
    std::uint32_t first = 0;
    for (auto count = index.count; count > 1;) {
      const auto middle = first + count / 2;
      const auto start = index.blocking_start(*thread.memory, middle);
      if (!start) return std::nullopt;
      count = *start <= address ? first + count - middle : middle - first;
      if (*start <= address) first = middle;
    }
    const auto start = index.count > 0 ? index.blocking_start(*thread.memory, first) : std::nullopt;
    return start && *start <= address ? start : std::nullopt;
  }

  // From memory, as the file may have been replaced.
  function_index blocking_find_index(Dwfl_Module* module) const {
    Dwarf_Addr start = 0;
    ::dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, nullptr, nullptr);
    const auto file = thread.memory->blocking_read<Elf64_Ehdr>(start);
    if (!file || std::memcmp(file->e_ident, ELFMAG, SELFMAG) != 0 || file->e_ident[EI_CLASS] != ELFCLASS64) return {};
    std::optional<std::uintptr_t> bias;
    for (std::size_t i = 0; i < file->e_phnum; ++i) {
      const auto segment = thread.memory->blocking_read<Elf64_Phdr>(start + file->e_phoff + i * sizeof(Elf64_Phdr));
      if (!segment) break;
      // The first one begins at the start of the module.
      if (segment->p_type == PT_LOAD && !bias) bias = start - (segment->p_vaddr - segment->p_offset);
      if (segment->p_type == PT_GNU_EH_FRAME && bias) return blocking_function_index_at(segment->p_vaddr + *bias);
    }
    return {};
  }

  function_index blocking_function_index_at(std::uintptr_t address) const {
    struct header {
      std::array<std::uint8_t, 4> encodings;
      std::int32_t tables;
      std::uint32_t count;
    };
    // Version 1, a pointer of 4 bytes, a count of 4 bytes, and pairs of 4-byte distances from the header.
    const auto found = thread.memory->blocking_read<header>(address);
    const bool is_known = found && found->encodings[0] == 1 && (found->encodings[1] & 7U) == 3 &&
                          found->encodings[2] == 3 && found->encodings[3] == 0x3b;
    return is_known ? function_index{address, found->count} : function_index{};
  }

  /// Whether a return address lies behind a call of the function at another address.
  call_kind blocking_find_call(std::uintptr_t return_address, std::uintptr_t callee) {
    std::array<std::byte, max_call_size> before;
    const bool is_code = has_tables(return_address - 1) || blocking_is_made_code(return_address - 1);
    if (!is_code) return call_kind::none;
    if (thread.memory->blocking_read(return_address - before.size(), before) != before.size()) return call_kind::none;
    const auto call = decode_call(return_address, before);
    if (!call) return call_kind::none;
    // Nothing tells where a function begins that a runtime has made.
    if (!call->target || blocking_is_made_code(callee)) return call_kind::indirect;
    const auto start = function_start(callee);
    return start && (call->target == start || blocking_linked_function(*call->target) == start) ? call_kind::direct
                                                                                                : call_kind::none;
  }

  /// What an entry of a procedure linkage table jumps to.
  std::optional<std::uintptr_t> blocking_linked_function(std::uintptr_t entry) const {
    std::array<std::byte, 16> code;
    if (thread.memory->blocking_read(entry, code) != code.size()) return std::nullopt;
    const auto slot = decode_jump_slot(entry, code);
    return slot ? thread.memory->blocking_read<std::uintptr_t>(*slot) : std::nullopt;
  }

  /// Code that a runtime has made while it ran has no tables, but mostly frame pointers. So has hand-written code, such
  /// as the built-in functions of JavaScript in the file of Node.js; in this process, nothing is guessed about that.
  bool blocking_has_frame_pointers(std::uintptr_t address) {
    return module_at(address) ? process != ::getpid() : blocking_is_made_code(address);
  }

  bool blocking_is_made_code(std::uintptr_t address) {
    return !module_at(address) && blocking_find_made_code().contains(address);
  }

  bool blocking_is_return_address(std::uintptr_t address) {
    std::array<std::byte, max_call_size> before;
    if (!module_at(address - 1) && !blocking_is_made_code(address - 1)) return false;
    return thread.memory->blocking_read(address - before.size(), before) == before.size() &&
           decode_call(address, before).has_value();
  }

  const code_ranges& blocking_find_made_code() {
    if (!made_code) made_code.emplace(blocking_find_anonymous_code(process));
    return *made_code;
  }

  /// In code with frame pointers, the innermost record of the chain that they make: the frame pointer of the caller,
  /// which is further out, and a return address.
  std::optional<std::uintptr_t> blocking_search_record(std::uintptr_t from) {
    constexpr std::size_t max_records = 4096;
    for (std::size_t i = 0; i < max_records; ++i, from += sizeof from) {
      const auto outer = thread.copied_word(from);
      const auto address = thread.copied_word(from + sizeof from);
      if (!outer || !address) return std::nullopt;
      const bool is_outwards = *outer > from && thread.copied_word(*outer + sizeof from).has_value();
      if (is_outwards && blocking_is_return_address(*address)) return from;
    }
    return std::nullopt;
  }

  /// Nothing inside of the last frame has saved the frame pointer, so that it is still the thread's.
  walk blocking_follow_frame_pointers(pid_t tid, walk found) {
    const auto record = blocking_search_record(found.frames.back().stack_pointer);
    if (!record) return found;
    auto longer = blocking_walk(tid, *record);
    return longer.frames.size() > found.frames.size() ? longer : found;
  }

  /// CPython calls each function through code that has neither tables nor a frame pointer and only reserves some bytes.
  std::optional<caller> blocking_leave_trampoline(const frame& left, std::optional<std::uintptr_t> frame_pointer) {
    std::array<std::byte, 8> code;
    if (!blocking_is_made_code(left.program_counter)) return {};
    const auto reserved =
        decode_return(std::span(code).first(thread.memory->blocking_read(left.program_counter, code)));
    if (!reserved) return {};
    const auto saved = left.stack_pointer + *reserved;
    const auto address = thread.copied_word(saved);
    if (!address || !blocking_is_return_address(*address)) return {};
    return caller{*address, saved + sizeof *address, frame_pointer};
  }

  walk blocking_walk(pid_t tid, std::optional<std::uintptr_t> frame_pointer) {
    thread.needed_other_memory = false;
    thread.frame_pointer = frame_pointer;
    thread.begin.reset();
    auto out = blocking_walk_part(tid);
    while (out.left_by_hand && out.frames.size() < max_frames) {
      thread.begin = out.left_by_hand;
      thread.frame_pointer = thread.begin->frame_pointer;
      auto rest = blocking_walk_part(tid);
      rest.frames.insert(rest.frames.begin(), out.frames.begin(), out.frames.end());
      out = std::move(rest);
    }
    return out;
  }

  walk blocking_walk_part(pid_t tid) {
    struct visit {
      modules* self;
      walk out;
    } visited{this, {}};
    ::dwfl_getthread_frames(
        files.get(), tid,
        [](Dwfl_Frame* state, void* arg) {
          auto& [self, out] = *static_cast<visit*>(arg);
          // Reading the program counter of a frame unwinds the next one.
          const bool is_copied = !self->thread.needed_other_memory;
          Dwarf_Addr at = 0;
          bool is_exact = false;
          if (!::dwfl_frame_pc(state, &at, &is_exact)) return static_cast<int>(DWARF_CB_ABORT);
          at = code_address(at);
          Dwarf_Word stack_pointer = 0;
          ::dwfl_frame_reg(state, stack_pointer_register, &stack_pointer);
          out.frames.push_back({at, stack_pointer, is_copied});
          Dwarf_Word pointer = 0;
          out.frame_pointer.reset();
          if (::dwfl_frame_reg(state, frame_pointer_register, &pointer) == 0) out.frame_pointer = pointer;
          const bool was_guessed = out.has_frame_pointers;
          out.has_tables = self->has_tables(is_exact ? at : at - 1);
          out.has_frame_pointers = !out.has_tables && self->blocking_has_frame_pointers(at);
          if (was_guessed && !self->blocking_is_return_address(at)) {
            // What was taken for a frame pointer was none.
            out.frames.pop_back();
            out.has_tables = out.has_frame_pointers = false;
          }
          if (out.has_frame_pointers)
            out.left_by_hand = self->blocking_leave_trampoline(out.frames.back(), out.frame_pointer);
          if (out.left_by_hand) out.has_frame_pointers = false;
          const bool go_on = (out.has_tables || out.has_frame_pointers) && out.frames.size() < max_frames;
          return static_cast<int>(go_on ? DWARF_CB_OK : DWARF_CB_ABORT);
        },
        &visited);
    return std::move(visited.out);
  }

  // No inner frame has saved the frame pointer, so that the one of the last frame is also the thread's. Old words of
  // the frame may look like the end of another one, with a whole stack behind it. So the place that the function's own
  // code tells comes first.
  walk blocking_search_frame_pointer(pid_t tid, walk found) {
    const auto begin = found.frames.back().stack_pointer;
    const auto end = thread.copy->begin + thread.copy->content.size();
    int tries = 0;
    if (const auto reserved = blocking_reserved_stack(found.frames.back().program_counter - 1)) {
      const auto saved = begin + *reserved;
      if (auto longer = blocking_try_frame_pointers(tid, found, saved, saved + max_saved_bytes, tries)) return *longer;
    }
    return blocking_try_frame_pointers(tid, found, begin, end, tries).value_or(found);
  }

  std::optional<walk> blocking_try_frame_pointers(pid_t tid, const walk& found, std::uintptr_t begin,
                                                  std::uintptr_t end, int& tries) {
    const auto last = found.frames.size() - 1;
    // The address of the last frame itself may be exact; the byte before it belongs to the same function but for a
    // function's first instruction, which has not pushed anything yet.
    const auto callee = found.frames[last].program_counter - 1;
    for (auto at = begin; at < end && tries < max_tried_frame_pointers; at += sizeof at) {
      const auto return_address = thread.copied_word(at + sizeof at);
      if (!return_address) break;
      const auto call = blocking_find_call(code_address(*return_address), callee);
      if (call == call_kind::none) continue;
      ++tries;
      auto longer = blocking_walk(tid, at);
      const auto& frames = longer.frames;
      if (frames.size() < last + 2 || frames[last + 1].program_counter != *return_address) continue;
      // An old word of the frame may look like a call through a pointer. Then what comes after it does not fit.
      const bool fits = call == call_kind::direct ||
                        (frames.size() > last + 2 &&
                         blocking_find_call(frames[last + 2].program_counter, *return_address - 1) != call_kind::none);
      if (fits) return longer;
    }
    return std::nullopt;
  }

  std::optional<std::size_t> blocking_reserved_stack(std::uintptr_t address) {
    constexpr std::size_t longest_prologue = 96;
    const auto start = function_start(address);
    if (!start) return std::nullopt;
    std::array<std::byte, longest_prologue> code;
    return decode_reserved_stack(std::span(code).first(thread.memory->blocking_read(*start, code)));
  }

#if defined(__aarch64__)
  // Code for AArch64 links its frame records (x29, x30) on the stack, whatever the tables say.
  void blocking_follow_records(walk& found) {
    const auto is_call = [&](std::uintptr_t record) {
      const auto saved = thread.copied_word(record + sizeof record);
      std::array<std::byte, max_call_size> before;
      if (!saved) return false;
      const auto address = code_address(*saved);
      return (has_tables(address - 1) || blocking_has_frame_pointers(address - 1)) &&
             thread.memory->blocking_read(address - before.size(), before) == before.size() &&
             decode_call(address, before).has_value();
    };
    auto record = found.frame_pointer.value_or(0);
    if (record == 0) {
      record = found.frames.back().stack_pointer;
      while (thread.copied_word(record) && !(is_call(record) && thread.copied_word(record) > record)) record += 16;
    }
    while (found.frames.size() < max_frames && is_call(record)) {
      const auto next = *thread.copied_word(record);
      found.frames.push_back({code_address(*thread.copied_word(record + sizeof record)), next});
      if (next <= record) break;
      record = next;
    }
  }
#endif

  pid_t process = 0;
  std::vector<std::shared_ptr<const loaded_module>> loaded;
  std::optional<code_ranges> made_code;  // read once for each stack, if there is need
  std::optional<elf_file> program;
  std::unique_ptr<Dwfl, closer> files;
  unwound_thread thread;
  bool attached = false;
  std::map<Dwfl_Module*, function_index> indexes;
};

unwinder::unwinder(pid_t pid) : pid_(pid), memory_(pid), loaded_(pid) {}

unwinder::~unwinder() = default;

void unwinder::blocking_prepare() {
  if (!loaded_.update() && modules_) return;
  // A library may come back at the same place with other code, so that nothing is kept.
  modules_ = std::make_unique<modules>(pid_, loaded_);
  modules_->thread.memory = &memory_;
}

unwound_stack unwinder::blocking_unwind(const stack_copy& copy) {
  unwound_stack out;
  blocking_prepare();
  if (!modules_->attached) {
    out.no_stack_reason = "the program's unwind tables cannot be read";
    return out;
  }
  if (copy.content.empty()) {
    out.no_stack_reason = "the thread's stack cannot be read";
    return out;
  }
  const auto tid = copy.thread.tid;
  modules_->thread.copy = &copy;
  modules_->made_code.reset();
  auto found = modules_->blocking_walk(tid, std::nullopt);
#if defined(__aarch64__)
  if (!found.frames.empty()) modules_->blocking_follow_records(found);
#else
  // The bottom of a stack looks the same. There, the search finds nothing.
  if (found.has_tables && !found.frame_pointer) found = modules_->blocking_search_frame_pointer(tid, std::move(found));
  if (found.has_frame_pointers && !found.frame_pointer)
    found = modules_->blocking_follow_frame_pointers(tid, std::move(found));
#endif
  modules_->thread.copy = nullptr;
  if (read_sleep_state(copy.thread) != copy.state)
    std::erase_if(found.frames, [](const frame& f) { return !f.is_copied; });
  for (const auto& f : found.frames) {
    out.stack.addresses.push_back(reinterpret_cast<const void*>(f.program_counter));
    out.stack.end = std::max(out.stack.end, f.stack_pointer);
  }
  if (!found.frames.empty()) out.stack.begin = found.frames.front().stack_pointer;
  if (found.frames.empty()) out.no_stack_reason = "the program's unwind tables do not cover where the thread is";
  return out;
}

std::vector<std::string> unwinder::blocking_library_functions(const raw_stack& stack) const {
  constexpr std::size_t max_functions = 8;
  std::vector<std::string> out;
  Dwfl_Module* library = nullptr;
  for (const auto* code : stack.addresses) {
    const auto address = reinterpret_cast<std::uintptr_t>(code) - (out.empty() ? 0 : 1);
    Dwfl_Module* const module = modules_ ? modules_->module_at(address) : nullptr;
    if (out.empty()) library = module;
    if (!module || module != library || out.size() == max_functions) break;
    const char* const symbol = ::dwfl_module_addrname(module, address);
    out.emplace_back(symbol ? symbol : "");
  }
  return out;
}

std::optional<std::uintptr_t> unwinder::blocking_function_start(std::uintptr_t address) {
  return modules_ ? modules_->function_start(address) : std::nullopt;
}

}  // namespace loopscope::monitor
