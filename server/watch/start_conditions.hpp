// SPDX-License-Identifier: MIT

#pragma once

#include <signal.h>

#include <bitset>

namespace loopscope::watch {

/// The signals that this program found blocked and ignored when it started, and its limit of descriptors: what a
/// command inherits from the shell when nothing stands between them.
///
/// Make it before the program ignores or blocks a signal. Threads: apply() may be called after fork(2).
class start_conditions {
 public:
  start_conditions() noexcept;

  /// Gives them to the calling process: signals that were ignored are, all others have their default action.
  void apply() const noexcept;

  const sigset_t& mask() const noexcept { return mask_; }

 private:
  sigset_t mask_;
  std::bitset<NSIG> ignored_;
};

}  // namespace loopscope::watch
