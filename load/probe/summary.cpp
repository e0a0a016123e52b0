// SPDX-License-Identifier: MIT

#include "summary.hpp"

#include <algorithm>
#include <utility>

#include "text.hpp"

namespace loopscope::probe {
namespace {

double us(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

bool is_expected_or_waiting(const request_record& record) {
  return record.ended == outcome::waiting || (record.ended == outcome::completed && record.expected);
}

bool is_unexpected(const request_record& record) {
  return record.ended == outcome::completed && !record.expected;
}

/// The times from `since` to the end, for the requests that `belongs` selects. Waiting requests end at `until`.
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
  return percentiles(std::move(sample));
}

percentiles latenesses(const std::vector<request_record>& records) {
  std::vector<double> sample;
  sample.reserve(records.size());
  for (const auto& record : records) sample.push_back(us(record.taken - record.scheduled));
  return percentiles(std::move(sample));
}

/// With a larger share of late requests, p99 is no longer the server's.
constexpr double max_late_share = 0.01;
/// A busier thread adds queueing of its own.
constexpr double max_busy_share = 0.9;
/// If the probe's own lateness is a larger share of the maximum latency, the maximum is not the server's. Smaller
/// latenesses than the floor do not matter.
constexpr double max_own_share = 0.5;
constexpr double lateness_floor_us = 10'000;

std::string percent(double share) {
  return with_decimals(share * 100, 1) + "%";
}

}  // namespace

summary summarize(const std::vector<request_record>& records, std::chrono::nanoseconds measured_until) {
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
    if (record.ended != outcome::skipped && record.taken - record.scheduled > max_lateness) ++sums.late;
    switch (record.ended) {
      case outcome::waiting:
        ++sums.waiting;
        break;
      case outcome::failed:
        ++sums.failed;
        ++sums.failed_by_cause[static_cast<std::size_t>(record.cause)];
        break;
      case outcome::completed:
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

std::vector<std::string> bottleneck_reasons(const self_check& check) {
  std::vector<std::string> reasons;
  const double late_share =
      check.scheduled == 0 ? 0 : static_cast<double>(check.late) / static_cast<double>(check.scheduled);
  if (late_share > max_late_share) {
    reasons.push_back(percent(late_share) + " of the requests were sent more than 1 ms after their scheduled time");
  }
  if (check.skipped > 0) {
    reasons.push_back("the probe was stopped, or suspended with the machine, for " +
                      duration_text(std::chrono::duration<double, std::micro>(check.not_running).count()) + "; the " +
                      with_commas(check.skipped) + " requests that were due in that time were not sent");
  }
  if (check.thread_busy && *check.thread_busy > max_busy_share) {
    reasons.push_back("the sending thread used a CPU for " + percent(*check.thread_busy) + " of the time");
  }
  if (check.local_failures > 0) {
    reasons.push_back(with_commas(check.local_failures) +
                      " requests failed because this machine had no sockets, ports or memory left");
  }
  if (check.lateness_max_us && check.latency_max_us && *check.lateness_max_us >= lateness_floor_us &&
      *check.lateness_max_us >= max_own_share * *check.latency_max_us) {
    reasons.push_back("the probe itself was up to " + duration_text(check.lateness_max_us) +
                      " late, which is most of the maximum latency");
  }
  return reasons;
}

}  // namespace loopscope::probe
