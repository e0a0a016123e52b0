#include "summary.hpp"

#include <algorithm>

namespace loopscope::probe {
namespace {

double us(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

bool is_expected_or_waiting(const request_record& record) {
  return record.ended == outcome::waiting || (record.ended == outcome::answered && record.expected);
}

bool is_unexpected(const request_record& record) {
  return record.ended == outcome::answered && !record.expected;
}

/// How long after `since` each of the requests that `belongs` takes lasted; waiting ones until `until`.
template <class Belongs>
percentiles times(const std::vector<request_record>& records, Belongs belongs,
                  std::chrono::nanoseconds request_record::*since, std::chrono::nanoseconds until) {
  std::vector<double> sample;
  sample.reserve(records.size());
  for (const auto& record : records) {
    const auto began = record.*since;
    if (!belongs(record) || began == request_record::never) continue;
    const auto end = record.ended == outcome::waiting ? std::max(until, began) : record.done;
    sample.push_back(us(end - began));
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
  const auto due = &request_record::scheduled;
  const auto sent = &request_record::sent;
  sums.latency_us = times(records, is_expected_or_waiting, due, measured_until);
  sums.service_time_us = times(records, is_expected_or_waiting, sent, measured_until);
  sums.unexpected_latency_us = times(records, is_unexpected, due, measured_until);
  sums.unexpected_service_time_us = times(records, is_unexpected, sent, measured_until);
  sums.lateness_us = latenesses(records);
  sums.scheduled = records.size();
  for (const auto& record : records) {
    if (record.sent != request_record::never) ++sums.sent;
    if (record.repeated) ++sums.repeated;
    if (record.ended != outcome::skipped && record.taken - record.scheduled > late_from) ++sums.late;
    switch (record.ended) {
      case outcome::waiting:
        ++sums.waiting;
        break;
      case outcome::failed:
        ++sums.failed;
        ++sums.failed_by_cause[static_cast<std::size_t>(record.cause)];
        break;
      case outcome::answered:
        ++sums.completed;
        ++sums.status[record.status];
        ++(record.expected ? sums.expected : sums.unexpected);
        break;
      case outcome::skipped:
        ++sums.skipped;
        break;
    }
  }
  sums.errors = sums.failed + sums.unexpected;
  const std::size_t ended = sums.completed + sums.failed;
  if (ended > 0) sums.error_rate = static_cast<double>(sums.errors) / static_cast<double>(ended);
  return sums;
}

}  // namespace loopscope::probe
