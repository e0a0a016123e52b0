#pragma once

#include "ledger.hpp"
#include "measurement.hpp"

namespace loopscope::probe {

/// Carries out the run that `asked` describes on a thread of its own, while the caller's shows progress and takes
/// SIGINT and SIGTERM. Blocks until it has ended.
///
/// `account` gets the single requests; `ended_by_signal` the signal that ended it early, else 0.
measurement measure(const options& asked, ledger& account, int& ended_by_signal);

}  // namespace loopscope::probe
