// SPDX-License-Identifier: MIT

#include <ostream>

#include "report.hpp"

namespace loopscope::probe {
namespace {

void append_time(std::ostream& out, std::chrono::nanoseconds time) {
  if (time != request_record::never) out << std::chrono::round<std::chrono::microseconds>(time).count();
  out << ',';
}

const char* truth(bool value) {
  return value ? "true" : "false";
}

}  // namespace

void write_csv(std::ostream& out, const std::vector<request_record>& records) {
  out << "scheduled_us,sent_us,done_us,status,expected,repeated\n";
  for (const auto& record : records) {
    append_time(out, record.scheduled);
    append_time(out, record.sent);
    append_time(out, record.done);
    switch (record.ended) {
      case outcome::waiting:
        out << ',';
        break;
      case outcome::completed:
        out << record.status << ',' << truth(record.expected);
        break;
      case outcome::failed:
        out << name(record.cause) << ',';
        break;
      case outcome::skipped:
        out << "skipped,";
        break;
    }
    out << ',' << truth(record.repeated) << '\n';
  }
}

}  // namespace loopscope::probe
