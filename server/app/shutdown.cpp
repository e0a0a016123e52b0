// SPDX-License-Identifier: MIT

#include "shutdown.hpp"

#include <unistd.h>

#include <csignal>

#include "server/support/program.hpp"

namespace loopscope::app {
namespace {

/// Time for writes to notice the cancellation and for their responses to be sent.
constexpr std::chrono::milliseconds cancel_time{1000};

}  // namespace

shutdown::shutdown(boost::asio::io_context& control, data_plane& data, runs::run_registry& runs, logger& log,
                   std::atomic<bool>& requested, std::chrono::microseconds grace)
    : control_(control),
      data_(data),
      runs_(runs),
      log_(log),
      requested_(requested),
      grace_(grace),
      signals_(control, SIGTERM, SIGINT),
      timer_(control) {
  wait_for_signal();
}

void shutdown::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    last_signal_ = number;
    wait_for_signal();
    act(policy_.on(event::signal));
  });
}

void shutdown::act(shutdown_policy::action what) {
  switch (what) {
    case shutdown_policy::action::none:
      return;
    case shutdown_policy::action::drain:
      log_.info("shutting down", {{"signal", last_signal_}, {"grace_ms", grace_.count() / 1000}});
      requested_ = true;
      runs_.close();
      data_.drain(control_.get_executor(), [this] { act(policy_.on(event::drained)); });
      return after(grace_, event::grace_over);
    case shutdown_policy::action::cancel:
      log_.warn("the grace period is over: cancelling writes", {{"writes", runs_.active().size()}});
      runs_.cancel_all();
      return after(cancel_time, event::cancel_over);
    case shutdown_policy::action::leave:
      signals_.clear();  // the next one ends the process at once
      return control_.stop();
    case shutdown_policy::action::leave_at_once:
      leave_at_once();
  }
}

void shutdown::after(std::chrono::microseconds time, event then) {
  timer_.expires_after(time);
  timer_.async_wait([this, then](const boost::system::error_code& error) {
    if (error) return;
    cancel_time_is_over_ = then == event::cancel_over;
    act(policy_.on(then));
  });
}

void shutdown::leave_at_once() const {
  // The loops may stay blocked for ever, so their threads cannot be joined and their objects cannot be destroyed.
  ::_exit(cancel_time_is_over_ ? exit_done : exit_by_signal + last_signal_);
}

}  // namespace loopscope::app
