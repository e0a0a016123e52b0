// SPDX-License-Identifier: MIT

#include "start_conditions.hpp"

#include <pthread.h>

#include "writers/system/process.hpp"

namespace loopscope::watch {

start_conditions::start_conditions() noexcept {
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
  for (int each = 1; each < NSIG; ++each) {
    struct sigaction action {};
    if (::sigaction(each, nullptr, &action) == 0)
      ignored_[static_cast<std::size_t>(each)] = action.sa_handler == SIG_IGN;
  }
}

void start_conditions::apply() const noexcept {
  system::restore_descriptor_limit();
  for (int each = 1; each < NSIG; ++each) {
    struct sigaction action {};
    action.sa_handler = ignored_[static_cast<std::size_t>(each)] ? SIG_IGN : SIG_DFL;
    ::sigaction(each, &action, nullptr);  // fails for SIGKILL, SIGSTOP and the C library's own
  }
  ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

}  // namespace loopscope::watch
