#pragma once

#include <string>

#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

/// Returns the record as one plain sentence for the log, followed by the advice if there is any.
std::string to_sentence(const stall_record& record, const std::string& advice);

}  // namespace loopscope::monitor
