#include <ostream>

#include "reports.hpp"

namespace loopscope::probe {
namespace {

void put_time(std::ostream& out, std::chrono::nanoseconds time) {
  if (time != request_record::never) out << std::chrono::round<std::chrono::microseconds>(time).count();
  out << ',';
}

}  // namespace

void write_csv(std::ostream& out, const std::vector<request_record>& records) {
  out << "scheduled_us,sent_us,done_us,status\n";
  for (const auto& record : records) {
    put_time(out, record.scheduled);
    put_time(out, record.sent);
    put_time(out, record.done);
    switch (record.ended) {
      case outcome::waiting:
        break;
      case outcome::answered:
        out << record.status;
        break;
      case outcome::failed:
        out << name(record.cause);
        break;
    }
    out << '\n';
  }
}

}  // namespace loopscope::probe
