// SPDX-License-Identifier: MIT

#include "job_control.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <array>

namespace loopscope::watch {
namespace {

constexpr std::array passed_on{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP};
/// Blocked as well, so that they neither end nor stop the watcher: what it prints would get SIGTTOU.
constexpr std::array others{SIGCHLD, SIGCONT, SIGTTIN, SIGTTOU};

bool is_passed_on(int signal) noexcept {
  for (const int each : passed_on)
    if (each == signal) return true;
  return false;
}

bool has_terminal() noexcept {
  const int descriptor = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor >= 0) ::close(descriptor);
  return descriptor >= 0;
}

}  // namespace

signal_use use_of_signal(int signal, int code, pid_t sender, pid_t command) noexcept {
  if (signal == SIGCHLD || signal == SIGCONT) return signal_use::look_at_command;
  if (signal == SIGTSTP && code > 0) return signal_use::look_for_new_stop;
  const bool by_kernel = code > 0;  // SI_KERNEL: the terminal
  if (!is_passed_on(signal) || by_kernel || sender == command) return signal_use::drop;
  return signal_use::pass_on;
}

sigset_t watcher_signals() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int each : passed_on) ::sigaddset(&set, each);
  for (const int each : others) ::sigaddset(&set, each);
  return set;
}

bool blocking_is_job_of_a_shell() noexcept {
  const pid_t parent = ::getppid();
  return ::getsid(parent) == ::getsid(0) && ::getpgid(parent) != ::getpgrp() && has_terminal();
}

void blocking_stop_by(int signal) noexcept {
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, signal);
  // The terminal's signal may be pending, too. Both come before the stop, so that SIGCONT removes what is left of them.
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
}

}  // namespace loopscope::watch
