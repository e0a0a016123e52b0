// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>

#include "server/monitor/explain/explainer.hpp"
#include "tests/unit/monitor/running_loop.hpp"

namespace loopscope::monitor::testing {

/// Asks the process's explainer and waits for its answer.
inline explanation ask(const explain_request& request) {
  const auto from_outside = explainer::shared();
  std::atomic<bool> called{false};
  const auto job = from_outside->submit(request, [&] { called = true; });
  wait_until("the explainer answers", [&] { return called.load(); });
  return job->take();
}

}  // namespace loopscope::monitor::testing
