#pragma once

#include <vector>

#include "families.hpp"

namespace loopscope::metrics {

/// The process_* families, under the names that every Prometheus client uses. What the kernel does not say is
/// left out.
///
/// Threads: any; reads a few small kernel files.
std::vector<family> blocking_collect_process_families();

}  // namespace loopscope::metrics
