#pragma once

namespace loopscope::app {

/// What a shutdown does next, from what has happened. Plain state; time and I/O are the caller's.
///
/// First signal: stop accepting, finish what is in flight. Grace over: cancel it. Still not done a little later, or a
/// second signal: leave at once.
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
