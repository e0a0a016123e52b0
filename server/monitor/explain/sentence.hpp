// SPDX-License-Identifier: MIT

#pragma once

#include <string>

#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

/// The call with what it is about: "write on /srv/test.txt", "recvfrom on descriptor 7 (127.0.0.1:5432)".
std::string call_text(const blocked_call& call);

/// Returns the record as one plain sentence for the log, followed by the advice if there is any.
std::string to_sentence(const stall_record& record, const std::string& advice);

}  // namespace loopscope::monitor
