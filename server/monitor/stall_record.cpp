// SPDX-License-Identifier: MIT

#include "stall_record.hpp"

namespace loopscope::monitor {

std::string_view to_string(verdict v) noexcept {
  switch (v) {
    case verdict::on_cpu:
      return "on_cpu";
    case verdict::off_cpu:
      return "off_cpu";
    case verdict::run_queue:
      return "run_queue";
    case verdict::throttled:
      return "throttled";
    case verdict::descheduled:
      return "descheduled";
  }
  return "unknown";
}

std::string_view to_string(handler_count c) noexcept {
  switch (c) {
    case handler_count::one:
      return "one";
    case handler_count::many:
      return "many";
    case handler_count::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view to_string(lock_kind k) noexcept {
  switch (k) {
    case lock_kind::mutex:
      return "mutex";
    case lock_kind::shared_mutex:
      return "shared_mutex";
    case lock_kind::condition_variable:
      return "condition_variable";
    case lock_kind::unknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace loopscope::monitor
