// SPDX-License-Identifier: MIT

#include "load/probe/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "load/probe/schedule.hpp"

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

request_record completed(std::chrono::nanoseconds scheduled, std::chrono::nanoseconds sent,
                         std::chrono::nanoseconds done, std::uint16_t status = 200) {
  request_record record{scheduled, scheduled, sent, done, status};
  record.expected = status < 300;
  record.ended = outcome::completed;
  return record;
}

request_record waiting(std::chrono::nanoseconds scheduled, std::chrono::nanoseconds sent) {
  return {scheduled, scheduled, sent};
}

request_record failed(std::chrono::nanoseconds scheduled, failure_cause cause) {
  request_record record{scheduled, scheduled, request_record::never, scheduled};
  record.ended = outcome::failed;
  record.cause = cause;
  return record;
}

TEST(summary, every_request_is_completed_failed_or_waiting) {
  const auto sums = summarize({completed(0s, 0s, 1s), completed(0s, 0s, 1s, 503), waiting(1s, request_record::never),
                               failed(1s, failure_cause::reset), failed(1s, failure_cause::reset)},
                              2s);
  EXPECT_EQ(sums.scheduled, 5u);
  EXPECT_EQ(sums.completed, 2u);
  EXPECT_EQ(sums.failed, 2u);
  EXPECT_EQ(sums.waiting, 1u);
  EXPECT_EQ(sums.sent, 2u);
  EXPECT_EQ(sums.failed_by_cause[static_cast<std::size_t>(failure_cause::reset)], 2u);
  EXPECT_EQ(sums.status, (std::map<unsigned, std::size_t>{{200, 1}, {503, 1}}));
}

TEST(summary, failures_and_unexpected_answers_are_the_errors_among_what_has_ended) {
  const auto sums = summarize({completed(0s, 0s, 1s), completed(0s, 0s, 1s, 299), completed(0s, 0s, 1s, 302),
                               failed(1s, failure_cause::refused), waiting(1s, 1s)},
                              2s);
  EXPECT_EQ(sums.expected, 2u);
  EXPECT_EQ(sums.unexpected, 1u);
  EXPECT_EQ(sums.errors, 2u);
  EXPECT_EQ(sums.error_rate, 0.5);
  EXPECT_EQ(summarize({waiting(1s, 1s)}, 2s).error_rate, std::nullopt);
}

TEST(summary, a_fast_refusal_is_no_fast_service) {
  const auto sums =
      summarize({completed(0s, 1ms, 2ms, 429), completed(0s, 1ms, 2ms, 429), completed(0s, 100ms, 500ms)}, 1s);
  EXPECT_EQ(sums.latency_us.count(), 1u);
  EXPECT_EQ(sums.latency_us.at(0.5), 500e3);
  EXPECT_EQ(sums.service_time_us.at(0.5), 400e3);
  EXPECT_EQ(sums.unexpected_latency_us.count(), 2u);
  EXPECT_EQ(sums.unexpected_latency_us.max(), 2e3);
  EXPECT_EQ(sums.unexpected_service_time_us.max(), 1e3);
  EXPECT_EQ(sums.status, (std::map<unsigned, std::size_t>{{200, 1}, {429, 2}}));

  const auto refusals = summarize({completed(0s, 1ms, 2ms, 429)}, 1s);
  EXPECT_EQ(refusals.latency_us.at(0.5), std::nullopt);
}

TEST(summary, what_was_skipped_is_in_no_latency_but_in_the_probes_own_lateness) {
  request_record skipped{1s, 5s};
  skipped.ended = outcome::skipped;
  const auto sums = summarize({skipped, completed(5s, 5s, 6s)}, 6s);
  EXPECT_EQ(sums.scheduled, 2u);
  EXPECT_EQ(sums.skipped, 1u);
  EXPECT_EQ(sums.late, 0u);
  EXPECT_EQ(sums.latency_us.count(), 1u);
  EXPECT_EQ(sums.lateness_us.max(), 4e6);
}

TEST(summary, latency_counts_from_the_intended_time_and_service_time_from_the_sending) {
  const auto sums = summarize({completed(1s, 3s, 4s)}, 5s);
  EXPECT_EQ(sums.latency_us.max(), 3e6);
  EXPECT_EQ(sums.service_time_us.max(), 1e6);
}

TEST(summary, waiting_requests_count_at_the_age_that_they_have) {
  const auto sums = summarize({waiting(1s, 2s), waiting(3s, request_record::never)}, 5s);
  EXPECT_EQ(sums.latency_us.max(), 4e6);
  EXPECT_EQ(sums.latency_us.at(0.5), 2e6);
  EXPECT_EQ(sums.service_time_us.count(), 1u);
  EXPECT_EQ(sums.service_time_us.max(), 3e6);
}

TEST(summary, failed_requests_are_in_no_latency) {
  const auto sums = summarize({failed(1s, failure_cause::closed)}, 5s);
  EXPECT_EQ(sums.latency_us.count(), 0u);
  EXPECT_EQ(sums.service_time_us.count(), 0u);
  EXPECT_EQ(sums.lateness_us.count(), 1u);
}

TEST(summary, a_wait_for_a_connection_is_no_lateness_but_the_probes_own_delay_is) {
  request_record held_up = completed(1s, 2s, 3s);
  request_record overslept = completed(1s, 1s + 1100us, 3s);
  overslept.taken = 1s + 1100us;
  request_record just_in_time = completed(1s, 1s, 3s);
  just_in_time.taken = 1s + 1ms;
  const auto sums = summarize({held_up, overslept, just_in_time}, 5s);
  EXPECT_EQ(sums.late, 1u);
  EXPECT_EQ(sums.lateness_us.max(), 1100);
}

// A server that answers at once but stands still for S within D: quantile q is S - (1 - q) D.
TEST(summary, quantiles_of_one_stall_are_what_arithmetic_says) {
  constexpr auto duration = 8s;
  for (const auto stall : {500ms, 1000ms, 3000ms}) {
    for (const bool at_the_end : {false, true}) {
      const std::chrono::nanoseconds begin = at_the_end ? std::chrono::nanoseconds(duration - stall) : 2s;
      const std::chrono::nanoseconds end = begin + stall;
      std::vector<request_record> records;
      for (schedule plan(schedule_kind::uniform, 1000, duration, 1); plan.next(); plan.advance()) {
        const auto due = *plan.next();
        if (due < begin || due >= end) {
          records.push_back(completed(due, due, due));
        } else {
          records.push_back(at_the_end ? waiting(due, due) : completed(due, due, end));
        }
      }
      const auto sums = summarize(records, duration);
      for (const double q : {0.75, 0.9, 0.99, 0.999}) {
        const double expected_us = std::max(0.0, static_cast<double>(stall.count()) * 1e3 - (1 - q) * 8e6);
        EXPECT_NEAR(*sums.latency_us.at(q), expected_us, 2000) << "S " << stall.count() << " ms, quantile " << q;
      }
    }
  }
}

self_check healthy() {
  self_check check;
  check.scheduled = 10'000;
  check.late = 100;
  check.lateness_max_us = 9'000;
  check.latency_max_us = 9'100;
  check.thread_busy = 0.9;
  return check;
}

std::string only_reason(const self_check& check) {
  const auto reasons = bottleneck_reasons(check);
  return reasons.size() == 1 ? reasons[0] : std::to_string(reasons.size()) + " reasons";
}

TEST(bottleneck, is_not_the_probe_up_to_every_limit) {
  EXPECT_TRUE(bottleneck_reasons(healthy()).empty());
  EXPECT_TRUE(bottleneck_reasons(self_check{}).empty());
}

TEST(bottleneck, is_the_probe_when_more_than_one_of_a_hundred_is_late) {
  self_check check = healthy();
  check.late = 101;
  EXPECT_NE(only_reason(check).find("1.0% of the requests"), std::string::npos);
}

TEST(bottleneck, is_the_probe_when_its_thread_has_no_time_left) {
  self_check check = healthy();
  check.thread_busy = 0.91;
  EXPECT_NE(only_reason(check).find("used a CPU for 91.0%"), std::string::npos);
}

TEST(bottleneck, is_the_probe_when_this_machine_refuses_it_sockets) {
  self_check check = healthy();
  check.local_failures = 1;
  EXPECT_NE(only_reason(check).find("no sockets, ports or memory"), std::string::npos);
}

TEST(bottleneck, is_the_probe_when_it_not_running) {
  self_check check = healthy();
  check.not_running = std::chrono::hours{1};
  check.skipped = 720'000;
  EXPECT_NE(only_reason(check).find("for 3600 s; the 720,000 requests"), std::string::npos);
}

TEST(bottleneck, blames_nobody_for_a_highest_latency_that_there_is_not) {
  self_check check = healthy();
  check.lateness_max_us = 50'000;
  check.latency_max_us.reset();
  EXPECT_TRUE(bottleneck_reasons(check).empty());
}

TEST(bottleneck, is_the_probe_when_the_highest_latency_is_mostly_its_own) {
  self_check check = healthy();
  check.lateness_max_us = 50'000;
  check.latency_max_us = 100'000;
  EXPECT_NE(only_reason(check).find("up to 50 ms late"), std::string::npos);
  check.latency_max_us = 100'001;
  EXPECT_TRUE(bottleneck_reasons(check).empty());
}

}  // namespace
}  // namespace loopscope::probe
