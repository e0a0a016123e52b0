#include "summary.hpp"

#include <algorithm>

namespace loopscope::probe {
namespace {

constexpr unsigned first_error_status = 400;

double us(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

percentiles latencies(const std::vector<request_record>& records, std::chrono::nanoseconds until) {
  std::vector<double> sample;
  sample.reserve(records.size());
  for (const auto& record : records) {
    if (record.ended == outcome::failed) continue;
    const auto end = record.ended == outcome::waiting ? std::max(until, record.scheduled) : record.done;
    sample.push_back(us(end - record.scheduled));
  }
  return percentiles(sample);
}

percentiles service_times(const std::vector<request_record>& records, std::chrono::nanoseconds until) {
  std::vector<double> sample;
  sample.reserve(records.size());
  for (const auto& record : records) {
    if (record.ended == outcome::failed || record.sent == request_record::never) continue;
    const auto end = record.ended == outcome::waiting ? std::max(until, record.sent) : record.done;
    sample.push_back(us(end - record.sent));
  }
  return percentiles(sample);
}

percentiles latenesses(const std::vector<request_record>& records) {
  std::vector<double> sample;
  sample.reserve(records.size());
  for (const auto& record : records) sample.push_back(us(record.taken - record.scheduled));
  return percentiles(sample);
}

}  // namespace

summary summarise(const std::vector<request_record>& records, std::chrono::nanoseconds measured_until) {
  summary sums;
  sums.latency_us = latencies(records, measured_until);
  sums.service_time_us = service_times(records, measured_until);
  sums.lateness_us = latenesses(records);
  sums.scheduled = records.size();
  for (const auto& record : records) {
    if (record.sent != request_record::never) ++sums.sent;
    if (record.taken - record.scheduled > late_from) ++sums.late;
    switch (record.ended) {
      case outcome::waiting:
        ++sums.waiting;
        break;
      case outcome::failed:
        ++sums.failed;
        ++sums.errors;
        ++sums.failed_by_cause[static_cast<std::size_t>(record.cause)];
        break;
      case outcome::answered:
        ++sums.completed;
        ++sums.status[record.status];
        if (record.status >= first_error_status) ++sums.errors;
        break;
    }
  }
  const std::size_t ended = sums.completed + sums.failed;
  if (ended > 0) sums.error_rate = static_cast<double>(sums.errors) / static_cast<double>(ended);
  return sums;
}

}  // namespace loopscope::probe
