// SPDX-License-Identifier: MIT

#include "symbolizer.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "debug_info.hpp"
#include "function_name.hpp"
#include "jit_names.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_known_addresses = 4096;
// libdw frees what it read of a unit only with the whole file.
constexpr std::size_t max_open_units = 16;

using steady = std::chrono::steady_clock;

}  // namespace

/// What is known of one process.
struct symbolizer::process {
  struct known_address {
    std::shared_ptr<const loaded_module> module;
    std::vector<stack_frame> frames;
  };

  explicit process(pid_t of) : pid(of), files(of), made_code(of) {}

  /// Prepares a question: forgets what was unloaded.
  void update() {
    last_question = steady::now();
    if (files.units_read() > max_open_units) files.close();
    if (files.update())
      std::erase_if(known, [&](const auto& each) { return files.module_of(each.first) != each.second.module; });
  }

  std::vector<stack_frame> blocking_look_up(std::uintptr_t address) {
    const auto found = known.find(address);
    if (found != known.end()) return found->second.frames;
    auto frames = files.blocking_look_up(address);
    const auto& outermost = frames.back();
    if (outermost.function.empty()) {
      // Code that a runtime has made may be replaced at any time, so that its name is not kept.
      if (auto made = made_code.blocking_find(address)) return {std::move(*made)};
      if (outermost.line == 0) return frames;
    }
    if (known.size() >= max_known_addresses) known.clear();
    known[address] = {files.module_of(address), frames};
    return frames;
  }

  const pid_t pid;
  std::mutex mutex;
  debug_info files;
  jit_names made_code;
  std::unordered_map<std::uintptr_t, known_address> known;
  steady::time_point last_question{};
};

symbolizer::symbolizer(std::string source_root, pid_t pid) : source_root_(std::move(source_root)) {
  while (!source_root_.empty() && source_root_.back() == '/') source_root_.pop_back();
  if (pid != 0 && pid != ::getpid()) other_process_ = std::make_shared<process>(pid);
}

symbolizer::symbolizer(const symbolizer& other, std::string source_root) : symbolizer(std::move(source_root)) {
  other_process_ = other.other_process_;
}

symbolizer::process& symbolizer::own_process() {
  // Never destroyed: a thread may ask while the program's static objects are destroyed. A child of fork() begins anew,
  // since its parent may have held the lock.
  static std::atomic<process*> current{nullptr};
  auto* known = current.load(std::memory_order_acquire);
  while (!known || known->pid != ::getpid()) {
    auto fresh = std::make_unique<process>(::getpid());
    if (current.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  }
  return *known;
}

symbolizer::process& symbolizer::names() const {
  return other_process_ ? *other_process_ : own_process();
}

std::vector<stack_frame> symbolizer::blocking_frames(const raw_stack& stack) const {
  std::vector<stack_frame> out;
  for (auto& frames : blocking_frames_by_address(stack, [] { return false; })) {
    for (auto& frame : frames) out.push_back(std::move(frame));
  }
  return out;
}

std::vector<std::vector<stack_frame>> symbolizer::blocking_frames_by_address(
    const raw_stack& stack, const std::function<bool()>& should_stop) const {
  auto& target = names();
  const std::lock_guard lock(target.mutex);
  target.update();
  std::vector<std::vector<stack_frame>> out;
  for (std::size_t i = 0; i < stack.addresses.size() && !should_stop(); ++i) {
    // A return address belongs to the call instruction before it.
    const auto address = reinterpret_cast<std::uintptr_t>(stack.addresses[i]) - (i == 0 ? 0 : 1);
    auto& frames = out.emplace_back(target.blocking_look_up(address));
    for (auto& frame : frames) frame.file = relative_file(frame.file, source_root_);
  }
  return out;
}

std::string symbolizer::blocking_obstacle() const {
  auto& target = names();
  const std::lock_guard lock(target.mutex);
  target.update();
  return target.files.has_modules() ? "" : "/proc/" + std::to_string(target.pid) + "/maps cannot be read";
}

void symbolizer::blocking_warm_up() const {
  auto& target = names();
  const std::lock_guard lock(target.mutex);
  target.update();
  target.files.blocking_warm_up();
}

void symbolizer::release_unused(std::chrono::nanoseconds unused_for) const {
  auto& target = names();
  const std::lock_guard lock(target.mutex);
  if (steady::now() - target.last_question < unused_for) return;
  target.files.close();
  target.made_code.clear();
}

}  // namespace loopscope::monitor
