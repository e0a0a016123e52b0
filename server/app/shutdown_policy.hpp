// SPDX-License-Identifier: MIT

#pragma once

namespace loopscope::app {

/// Decides the next step of a shutdown. It has plain state; time and I/O are the caller's.
///
/// The first signal stops accepting and lets open requests finish. The end of the grace period cancels them. If they
/// still have not ended shortly after, or on a second signal, the process exits at once.
class shutdown_policy {
 public:
  enum class event { signal, drained, grace_over, cancel_over };
  enum class action { none, drain, cancel, leave, leave_at_once };

  action on(event what) noexcept {
    switch (what) {
      case event::signal:
        return phase_ == phase::serving ? go(phase::draining, action::drain) : go(phase::left, action::leave_at_once);
      case event::drained:
        return phase_ == phase::draining || phase_ == phase::cancelling ? go(phase::left, action::leave) : action::none;
      case event::grace_over:
        return phase_ == phase::draining ? go(phase::cancelling, action::cancel) : action::none;
      case event::cancel_over:
        return phase_ == phase::cancelling ? go(phase::left, action::leave_at_once) : action::none;
    }
    return action::none;
  }

 private:
  enum class phase { serving, draining, cancelling, left };

  action go(phase next, action what) noexcept {
    phase_ = next;
    return what;
  }

  phase phase_ = phase::serving;
};

}  // namespace loopscope::app
