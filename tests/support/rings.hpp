// SPDX-License-Identifier: MIT

#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "writers/back_end.hpp"

namespace loopscope::testing {

/// Why a test cannot count on a ring of io_uring; empty where it can. The rings of all processes of an ordinary user
/// share RLIMIT_MEMLOCK, and other tests run meanwhile.
inline std::string obstacle_to_rings() {
  if (const auto support = writers::probe_uring(); !support.available) return support.reason;
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  const bool has_memory = ::geteuid() == 0 || limit.rlim_cur == RLIM_INFINITY;
  return has_memory ? "" : "the memory for rings is limited (ulimit -l), and other tests have rings, too";
}

}  // namespace loopscope::testing
