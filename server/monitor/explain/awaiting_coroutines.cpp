#include "awaiting_coroutines.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <span>

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_scanned_bytes = std::size_t{128} << 10U;
constexpr std::size_t max_candidates = 4096;
constexpr std::size_t max_awaiting = 64;
constexpr std::uintptr_t frame_alignment = 16;
constexpr std::uintptr_t promise_offset = 16;

/// The beginning of a coroutine's frame with Asio's promise.
struct coroutine_frame {
  std::uintptr_t resume_function;
  std::uintptr_t destroy_function;
  std::uintptr_t coroutine;        // the frame itself
  std::uintptr_t attached_thread;  // set while the coroutine runs
  std::uintptr_t caller;           // the promise of the coroutine that awaits it
};

bool is_at(const coroutine_frame& frame, std::uintptr_t address) {
  return frame.coroutine == address && frame.resume_function != 0 && frame.destroy_function != 0;
}

/// The functions of a stack, from the innermost one outwards.
std::vector<std::uintptr_t> blocking_functions(unwinder& files, const raw_stack& stack) {
  std::vector<std::uintptr_t> out;
  for (const auto* code : stack.addresses)
    out.push_back(files.blocking_function_start(reinterpret_cast<std::uintptr_t>(code) - 1).value_or(0));
  return out;
}

/// The coroutine that runs: its resume function is on the stack, and the stack has a pointer to its frame or promise.
std::optional<coroutine_frame> blocking_find_running(const process_memory& memory, unwinder& files,
                                                     const unwound_stack& stack) {
  const auto functions = blocking_functions(files, stack.stack);
  const auto begin = stack.stack_pointers.front();
  const auto end = std::ranges::max(stack.stack_pointers);
  std::vector<std::uintptr_t> words(std::min<std::size_t>(end - begin, max_scanned_bytes) / sizeof(std::uintptr_t));
  words.resize(memory.blocking_read(begin, std::as_writable_bytes(std::span(words))) / sizeof(std::uintptr_t));

  std::optional<coroutine_frame> out;
  auto innermost = functions.end();
  std::set<std::uintptr_t> seen;
  for (const auto word : words) {
    const bool on_stack = word >= begin && word < end;
    if (word < promise_offset || word % frame_alignment != 0 || on_stack || !seen.insert(word).second) continue;
    if (seen.size() > max_candidates) break;
    for (const auto address : {word, word - promise_offset}) {
      const auto frame = memory.blocking_read<coroutine_frame>(address);
      if (!frame || !is_at(*frame, address) || frame->attached_thread == 0) continue;
      const auto at = std::find(functions.begin(), innermost, frame->resume_function);
      if (at == innermost) continue;
      innermost = at;
      out = frame;
    }
  }
  return out;
}

}  // namespace

std::vector<std::uintptr_t> blocking_find_awaiting_coroutines(const process_memory& memory, unwinder& files,
                                                              const unwound_stack& stack) {
  std::vector<std::uintptr_t> out;
  if (stack.stack_pointers.empty()) return out;
  const auto running = blocking_find_running(memory, files, stack);
  for (auto promise = running ? running->caller : 0; promise != 0;) {
    // An aligned result may move the promise.
    const auto address = memory.blocking_read<std::uintptr_t>(promise).value_or(0);
    const bool is_inside = promise >= address + promise_offset && promise <= address + 4 * promise_offset;
    const auto frame = is_inside ? memory.blocking_read<coroutine_frame>(address) : std::nullopt;
    struct promise_begin {
      std::uintptr_t coroutine;
      std::uintptr_t attached_thread;
      std::uintptr_t caller;
    };
    const auto awaiting = memory.blocking_read<promise_begin>(promise);
    const bool is_known = frame && awaiting && awaiting->attached_thread == 0 && out.size() < max_awaiting &&
                          files.blocking_function_start(frame->resume_function) == frame->resume_function;
    if (!is_known) return {};
    out.push_back(frame->resume_function);
    promise = awaiting->caller;
  }
  return out;
}

}  // namespace loopscope::monitor
