// SPDX-License-Identifier: MIT

#pragma once

#include <string>

#include "watch_report.hpp"

namespace loopscope::watch {

/// The report as JSON text, ended by a line feed. watch.schema.json describes it. What is not known is null; bytes that
/// are not UTF-8 become U+FFFD.
std::string to_json_text(const watch_report& report);

}  // namespace loopscope::watch
