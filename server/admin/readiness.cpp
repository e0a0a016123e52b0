// SPDX-License-Identifier: MIT

#include "readiness.hpp"

#include <algorithm>

namespace loopscope::admin {

readiness::readiness(std::span<const loop> loops, std::chrono::nanoseconds stall_threshold, bool shutting_down,
                     const std::optional<std::string>& directory_failure) {
  for (const loop& each : loops) {
    const auto stalled_ms = std::chrono::duration_cast<std::chrono::milliseconds>(each.stalled_for).count();
    const bool stalled = each.stalled_for.count() > 0 && each.stalled_for >= stall_threshold;
    checks_.push_back({"loop " + each.name, stalled ? "stalled for " + std::to_string(stalled_ms) + " ms" : ""});
  }
  if (directory_failure) checks_.push_back({"data directory", *directory_failure});
  checks_.push_back({"shutdown", shutting_down ? "under way" : ""});
}

bool readiness::ready() const noexcept {
  return std::ranges::all_of(checks_, [](const check& each) { return each.failure.empty(); });
}

std::string readiness::verbose() const {
  std::string text;
  for (const check& each : checks_)
    text += (each.failure.empty() ? "[+]" + each.name + " ok" : "[-]" + each.name + " " + each.failure) + "\n";
  return text + (ready() ? "readyz check passed\n" : "readyz check failed\n");
}

std::string readiness::brief() const {
  if (ready()) return "ok\n";
  std::string text;
  for (const check& each : checks_)
    if (!each.failure.empty()) text += each.name + " " + each.failure + "\n";
  return text;
}

}  // namespace loopscope::admin
