// SPDX-License-Identifier: MIT

#include "sleep_state.hpp"

#include "process_memory.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_copied_bytes = std::size_t{128} << 10U;
/// What the ABI of x86-64 lets a function use below its stack pointer.
constexpr std::size_t red_zone_bytes = 128;

std::optional<std::uint64_t> read_switches(const std::string& folder) {
  const auto status = system::proc_file(folder + "/status").read();
  const auto voluntary = system::parse_field(status, "voluntary_ctxt_switches");
  const auto forced = system::parse_field(status, "nonvoluntary_ctxt_switches");
  if (!voluntary || !forced) return std::nullopt;
  return *voluntary + *forced;
}

}  // namespace

std::optional<sleep_state> read_sleep_state(const watched_thread& thread) {
  const auto folder = thread.folder();
  const auto before = read_switches(folder);
  const auto call = system::parse_syscall(system::proc_file(folder + "/syscall").read());
  if (!before || !call || call->running || read_switches(folder) != before) return std::nullopt;
  return sleep_state{*call, *before};
}

void copy_stack_memory(stack_copy& copy) {
  const process_memory memory(copy.thread.pid);
  const auto stack_pointer = static_cast<std::uintptr_t>(copy.state.call.stack_pointer);
  for (const std::size_t below : {red_zone_bytes, std::size_t{0}}) {  // below it, a stack may end
    copy.begin = stack_pointer - below;
    copy.content.resize(max_copied_bytes);
    copy.content.resize(memory.blocking_read(copy.begin, copy.content));
    if (copy.content.size() > below) return;
  }
}

std::shared_ptr<const stack_copy> copy_sleeping_stack(const watched_thread& thread,
                                                      const std::optional<system::syscall_line>& seen) {
  const auto state = read_sleep_state(thread);
  if (!state || (seen && *seen != state->call)) return nullptr;
  auto out = std::make_shared<stack_copy>(stack_copy{thread, *state});
  copy_stack_memory(*out);
  return read_sleep_state(thread) == state ? out : nullptr;
}

}  // namespace loopscope::monitor
