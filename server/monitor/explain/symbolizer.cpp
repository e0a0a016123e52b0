#include "symbolizer.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "debug_info.hpp"
#include "function_name.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_cached_addresses = 4096;

/// The addresses that were looked up before, by all symbolizers of the process.
struct address_cache {
  std::mutex mutex;
  std::unordered_map<std::uintptr_t, std::vector<stack_frame>> frames;
};

address_cache& shared_cache() {
  static address_cache cache;
  return cache;
}

}  // namespace

symbolizer::symbolizer(std::string source_root) : source_root_(std::move(source_root)) {
  while (!source_root_.empty() && source_root_.back() == '/') source_root_.pop_back();
}

std::vector<stack_frame> symbolizer::blocking_frames(const raw_stack& stack) const {
  auto& [mutex, frames] = shared_cache();
  const std::lock_guard lock(mutex);
  if (frames.size() >= max_cached_addresses) frames.clear();
  std::optional<debug_info> info;
  std::vector<stack_frame> out;
  for (std::size_t i = 0; i < stack.addresses.size(); ++i) {
    // A return address belongs to the call instruction before it.
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
