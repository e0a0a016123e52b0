#include "sleep_state.hpp"

namespace loopscope::monitor {
namespace {

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

}  // namespace loopscope::monitor
