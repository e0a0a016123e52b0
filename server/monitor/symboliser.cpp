#include "symboliser.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "debug_info.hpp"
#include "function_name.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_known_addresses = 4096;

/// What has been looked up before, by every symboliser of the process.
struct known_addresses {
  std::mutex mutex;
  std::unordered_map<std::uintptr_t, std::vector<stack_frame>> frames;
};

known_addresses& known() {
  static known_addresses all;
  return all;
}

}  // namespace

symboliser::symboliser(std::string source_root) : source_root_(std::move(source_root)) {
  while (!source_root_.empty() && source_root_.back() == '/') source_root_.pop_back();
}

std::vector<stack_frame> symboliser::blocking_frames(const raw_stack& stack) const {
  auto& [mutex, frames] = known();
  const std::lock_guard lock(mutex);
  if (frames.size() >= max_known_addresses) frames.clear();
  std::optional<debug_info> info;
  std::vector<stack_frame> out;
  for (std::size_t i = 0; i < stack.addresses.size(); ++i) {
    // A return address belongs to the call before it.
    const auto address = reinterpret_cast<std::uintptr_t>(stack.addresses[i]) - (i == 0 ? 0 : 1);
    const auto [entry, is_new] = frames.try_emplace(address);
    if (is_new) {
      if (!info) info.emplace();
      entry->second = info->blocking_look_up(address);
    }
    for (auto frame : entry->second) {
      frame.file = relative_file(frame.file, source_root_);
      out.push_back(std::move(frame));
    }
  }
  return out;
}

}  // namespace loopscope::monitor
