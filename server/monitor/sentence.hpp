#pragma once

#include <string>

#include "stall_record.hpp"

namespace loopscope::monitor {

/// The record as one plain sentence, and the advice as another, for people who read logs.
std::string to_sentence(const stall_record& record, const std::string& advice);

}  // namespace loopscope::monitor
