// SPDX-License-Identifier: MIT

#include "awaiting_coroutines.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <span>

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_scanned_bytes = std::size_t{128} << 10U;
constexpr std::size_t max_candidates = 4096;
constexpr std::size_t max_awaiting = 64;
constexpr std::uintptr_t alignment = 16;

/// A coroutine's frame and what Asio keeps at the beginning of the promise in it.
struct coroutine {
  std::uintptr_t resume_function = 0;
  std::uintptr_t attached_thread = 0;  ///< set while it runs
  std::uintptr_t caller = 0;           ///< the promise of the coroutine that awaits it
};

std::optional<coroutine> blocking_read_coroutine(const process_memory& memory, std::uintptr_t promise) {
  struct promise_begin {
    std::uintptr_t frame;
    std::uintptr_t attached_thread;
    std::uintptr_t caller;
  };
  struct frame_begin {
    std::uintptr_t resume_function;
    std::uintptr_t destroy_function;
  };
  if (promise == 0 || promise % alignment != 0) return std::nullopt;
  const auto known = memory.blocking_read<promise_begin>(promise);
  // A result that is aligned to more than 16 bytes moves the promise.
  const bool is_inside = known && promise >= known->frame + sizeof(frame_begin) && promise <= known->frame + 64;
  const auto frame = is_inside ? memory.blocking_read<frame_begin>(known->frame) : std::nullopt;
  if (!frame || frame->resume_function == 0 || frame->destroy_function == 0) return std::nullopt;
  return coroutine{frame->resume_function, known->attached_thread, known->caller};
}

/// Looks for the coroutine that runs. Its resume function is on the stack. Its frame need not be: a register may have
/// the only pointer to it. But the stack has the awaitable_thread with a pointer to the outermost coroutine, whose
/// promise has one to the running coroutine.
class running_coroutine_search {
 public:
  running_coroutine_search(const process_memory& memory, unwinder& files, const raw_stack& stack) : memory_(memory) {
    for (const auto* code : stack.addresses)
      functions_.push_back(files.blocking_function_start(reinterpret_cast<std::uintptr_t>(code) - 1).value_or(0));
    innermost_ = functions_.end();
  }

  void blocking_try(std::uintptr_t word) {
    // Of a frame, or of the promise in it.
    for (const auto promise : {word, word + 2 * sizeof word}) {
      if (!blocking_try_promise(promise)) continue;
      std::array<std::uintptr_t, 32> content{};
      memory_.blocking_read(promise, std::as_writable_bytes(std::span(content)));
      for (const auto inner : content) blocking_try_promise(inner);
    }
  }

  const std::optional<coroutine>& found() const noexcept { return found_; }

 private:
  /// Returns false if it is no promise.
  bool blocking_try_promise(std::uintptr_t promise) {
    const auto read = blocking_read_coroutine(memory_, promise);
    if (!read) return false;
    const auto at = std::find(functions_.begin(), innermost_, read->resume_function);
    if (read->attached_thread != 0 && at != innermost_) {
      innermost_ = at;
      found_ = read;
    }
    return true;
  }

  const process_memory& memory_;
  std::vector<std::uintptr_t> functions_;
  std::vector<std::uintptr_t>::iterator innermost_;
  std::optional<coroutine> found_;
};

std::optional<coroutine> blocking_find_running(const process_memory& memory, unwinder& files, const raw_stack& stack) {
  const auto begin = stack.begin;
  const auto end = stack.end > begin ? std::min(stack.end, begin + max_scanned_bytes) : begin + max_scanned_bytes;
  std::vector<std::uintptr_t> words((end - begin) / sizeof(std::uintptr_t));
  words.resize(memory.blocking_read(begin, std::as_writable_bytes(std::span(words))) / sizeof(std::uintptr_t));
  running_coroutine_search search(memory, files, stack);
  std::set<std::uintptr_t> seen;
  for (const auto word : words) {
    const bool on_stack = word >= begin && word < end;
    if (word == 0 || word % alignment != 0 || on_stack || !seen.insert(word).second) continue;
    if (seen.size() > max_candidates) break;
    search.blocking_try(word);
  }
  return search.found();
}

}  // namespace

std::vector<std::uintptr_t> blocking_find_awaiting_coroutines(const process_memory& memory, unwinder& files,
                                                              const raw_stack& stack) {
  std::vector<std::uintptr_t> out;
  if (stack.begin == 0) return out;
  const auto running = blocking_find_running(memory, files, stack);
  for (auto promise = running ? running->caller : 0; promise != 0;) {
    const auto awaiting = blocking_read_coroutine(memory, promise);
    const bool is_known = awaiting && awaiting->attached_thread == 0 && out.size() < max_awaiting &&
                          files.blocking_function_start(awaiting->resume_function) == awaiting->resume_function;
    if (!is_known) return {};
    out.push_back(awaiting->resume_function);
    promise = awaiting->caller;
  }
  return out;
}

}  // namespace loopscope::monitor
