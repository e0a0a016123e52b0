// SPDX-License-Identifier: MIT

#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "server/metrics/loop_source.hpp"

namespace loopscope::admin {

/// Keeps a State for each loop while the loop exists. State is made from a `const monitor::loop_watch&`.
///
/// It shares the ownership of the watches, so that no other loop gets the address of one that is known here.
template <class State>
class loop_states {
 public:
  /// Makes the states of the loops that are new, and drops those of loops that are gone.
  void update(const std::vector<metrics::loop_source>& loops) {
    std::map<std::shared_ptr<const monitor::loop_watch>, State> kept;
    for (const auto& each : loops) {
      if (auto known = states_.extract(each.watch)) {
        kept.insert(std::move(known));
      } else {
        kept.try_emplace(each.watch, *each.watch);
      }
    }
    states_ = std::move(kept);
  }

  /// nullptr for a loop that was not in the last update.
  State* find(const std::shared_ptr<const monitor::loop_watch>& watch) {
    const auto found = states_.find(watch);
    return found == states_.end() ? nullptr : &found->second;
  }
  const State* find(const std::shared_ptr<const monitor::loop_watch>& watch) const {
    const auto found = states_.find(watch);
    return found == states_.end() ? nullptr : &found->second;
  }

  auto begin() { return states_.begin(); }
  auto end() { return states_.end(); }

 private:
  std::map<std::shared_ptr<const monitor::loop_watch>, State> states_;
};

}  // namespace loopscope::admin
