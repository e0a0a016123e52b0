#include "symboliser.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "function_name.hpp"
#include LOOPSCOPE_BACKTRACE_HEADER

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_known_addresses = 4096;

void ignore_error(void*, const char*, int) {}

// There is one for the process: libbacktrace never frees what it has read.
backtrace_state* process_state() {
  static backtrace_state* state = ::backtrace_create_state(nullptr, 1, &ignore_error, nullptr);
  return state;
}

int add_frame(void* out, std::uintptr_t, const char* file, int line, const char* function) {
  if (!file && !function) return 0;
  static_cast<std::vector<stack_frame>*>(out)->push_back(
      {function ? tidy_function(demangle(function)) : std::string{}, file ? file : std::string{}, line});
  return 0;
}

void set_symbol(void* out, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) {
  if (symbol) static_cast<stack_frame*>(out)->function = tidy_function(demangle(symbol));
}

// The system library that an address lies in; empty for the program's own code.
std::string system_library(std::uintptr_t address) {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(address), &info) == 0) return "[vdso]";
  const std::string_view path = info.dli_fname ? info.dli_fname : "";
  return path.starts_with("/lib") || path.starts_with("/usr/lib") ? std::string(path) : std::string{};
}

std::vector<stack_frame> look_up(std::uintptr_t address) {
  std::vector<stack_frame> out;
  auto* state = process_state();
  if (!state) return {stack_frame{}};
  ::backtrace_pcinfo(state, address, &add_frame, &ignore_error, &out);
  // The symbol names the compiled function in full; debug information may call a lambda just "operator()".
  // Those inlined into it have no symbol.
  stack_frame compiled;
  ::backtrace_syminfo(state, address, &set_symbol, &ignore_error, &compiled);
  if (out.empty()) {
    out.push_back(std::move(compiled));
  } else if (!compiled.function.empty()) {
    out.back().function = std::move(compiled.function);
  }
  // Where a distribution compiled its libraries tells nothing; which library it is does.
  if (auto library = system_library(address); !library.empty()) {
    if (out.front().function.empty() && library == "[vdso]") out.front().function = "vdso";
    out.resize(1);
    out.front().file = std::move(library);
    out.front().line = 0;
  }
  return out;
}

const std::vector<stack_frame>& known_frames(std::uintptr_t address) {
  static std::unordered_map<std::uintptr_t, std::vector<stack_frame>> known;
  if (known.size() >= max_known_addresses) known.clear();
  const auto [entry, is_new] = known.try_emplace(address);
  if (is_new) entry->second = look_up(address);
  return entry->second;
}

std::atomic<bool> index_read{false};

std::mutex& process_lock() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

symboliser::symboliser(std::string source_root) : source_root_(std::move(source_root)) {
  while (!source_root_.empty() && source_root_.back() == '/') source_root_.pop_back();
}

void symboliser::prime() {
  const std::lock_guard lock(process_lock());
  known_frames(reinterpret_cast<std::uintptr_t>(&symboliser::prime));
  index_read.store(true, std::memory_order_release);
}

bool symboliser::ready() noexcept {
  return index_read.load(std::memory_order_acquire);
}

std::vector<stack_frame> symboliser::frames(const raw_stack& stack) const {
  const std::lock_guard lock(process_lock());
  std::vector<stack_frame> out;
  for (std::size_t i = 0; i < stack.addresses.size(); ++i) {
    // A return address belongs to the call before it.
    const auto address = reinterpret_cast<std::uintptr_t>(stack.addresses[i]) - (i == 0 ? 0 : 1);
    for (auto frame : known_frames(address)) {
      frame.file = relative_file(frame.file, source_root_);
      out.push_back(std::move(frame));
    }
  }
  return out;
}

}  // namespace loopscope::monitor
