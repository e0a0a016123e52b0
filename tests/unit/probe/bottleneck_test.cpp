#include "load/probe/bottleneck.hpp"

#include <gtest/gtest.h>

namespace loopscope::probe {
namespace {

own_part healthy() {
  own_part part;
  part.scheduled = 10'000;
  part.late = 100;
  part.lateness_max_us = 9'000;
  part.latency_max_us = 9'100;
  part.thread_busy = 0.9;
  return part;
}

std::string only_reason(const own_part& part) {
  const auto reasons = bottleneck_reasons(part);
  return reasons.size() == 1 ? reasons[0] : std::to_string(reasons.size()) + " reasons";
}

TEST(bottleneck, is_not_the_probe_up_to_every_limit) {
  EXPECT_TRUE(bottleneck_reasons(healthy()).empty());
  EXPECT_TRUE(bottleneck_reasons({}).empty());
}

TEST(bottleneck, is_the_probe_when_more_than_one_of_a_hundred_is_late) {
  own_part part = healthy();
  part.late = 101;
  EXPECT_NE(only_reason(part).find("1.0% of the requests"), std::string::npos);
}

TEST(bottleneck, is_the_probe_when_its_thread_has_no_time_left) {
  own_part part = healthy();
  part.thread_busy = 0.91;
  EXPECT_NE(only_reason(part).find("on the CPU 91.0%"), std::string::npos);
}

TEST(bottleneck, is_the_probe_when_this_machine_refuses_it_sockets) {
  own_part part = healthy();
  part.local_failures = 1;
  EXPECT_NE(only_reason(part).find("for want of sockets"), std::string::npos);
}

TEST(bottleneck, is_the_probe_when_it_stood_still) {
  own_part part = healthy();
  part.stood_still = std::chrono::hours{1};
  part.skipped = 720'000;
  EXPECT_NE(only_reason(part).find("for 3600 s; the 720,000 requests"), std::string::npos);
}

TEST(bottleneck, blames_nobody_for_a_highest_latency_that_there_is_not) {
  own_part part = healthy();
  part.lateness_max_us = 50'000;
  part.latency_max_us.reset();
  EXPECT_TRUE(bottleneck_reasons(part).empty());
}

TEST(bottleneck, is_the_probe_when_the_highest_latency_is_mostly_its_own) {
  own_part part = healthy();
  part.lateness_max_us = 50'000;
  part.latency_max_us = 100'000;
  EXPECT_NE(only_reason(part).find("up to 50 ms late"), std::string::npos);
  part.latency_max_us = 100'001;
  EXPECT_TRUE(bottleneck_reasons(part).empty());
}

}  // namespace
}  // namespace loopscope::probe
