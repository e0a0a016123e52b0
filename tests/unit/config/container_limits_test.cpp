// SPDX-License-Identifier: MIT

#include "server/config/container_limits.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include "tests/support/fake_root.hpp"

namespace loopscope::config {
namespace {

using loopscope::testing::fake_root;
using loopscope::testing::v1;
using loopscope::testing::v2;

container_limits limits(const fake_root& root) {
  return blocking_read_container_limits(root.path());
}

TEST(container_limits, are_none_without_control_groups) {
  const fake_root root;
  EXPECT_EQ(limits(root).memory_bytes, std::nullopt);
  EXPECT_EQ(limits(root).cpus, std::nullopt);
}

TEST(container_limits, of_v2_are_read_inside_a_container) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n")
      .mounted("/sys/fs/cgroup", v2)
      .with("sys/fs/cgroup/memory.max", "134217728\n")
      .with("sys/fs/cgroup/memory.high", "max\n")
      .with("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(limits(root).memory_bytes, 128u << 20);
  EXPECT_EQ(limits(root).cpus, 1.5);
}

TEST(container_limits, of_v2_are_memory_high_where_it_is_less) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n")
      .mounted("/sys/fs/cgroup", v2)
      .with("sys/fs/cgroup/memory.max", "134217728\n")
      .with("sys/fs/cgroup/memory.high", "100000000\n");
  EXPECT_EQ(limits(root).memory_bytes, 100'000'000u);
  root.with("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(limits(root).memory_bytes, 100'000'000u);
  root.with("sys/fs/cgroup/memory.max", "50000000\n");
  EXPECT_EQ(limits(root).memory_bytes, 50'000'000u);
}

TEST(container_limits, of_v2_say_max_for_none) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n")
      .mounted("/sys/fs/cgroup", v2)
      .with("sys/fs/cgroup/memory.max", "max\n")
      .with("sys/fs/cgroup/memory.high", "max\n")
      .with("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(limits(root).memory_bytes, std::nullopt);
  EXPECT_EQ(limits(root).cpus, std::nullopt);
}

TEST(container_limits, of_a_group_above_hold_where_they_are_less) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/system.slice/loopscope.service\n")
      .mounted("/sys/fs/cgroup", v2)
      .with("sys/fs/cgroup/system.slice/loopscope.service/memory.max", "max\n")
      .with("sys/fs/cgroup/system.slice/loopscope.service/cpu.max", "400000 100000\n")
      .with("sys/fs/cgroup/system.slice/memory.high", "1000000\n")
      .with("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
  EXPECT_EQ(limits(root).memory_bytes, 1'000'000u);
  EXPECT_EQ(limits(root).cpus, 0.5);
}

TEST(container_limits, of_the_group_itself_hold_where_those_above_are_more) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/loopscope.service\n")
      .mounted("/sys/fs/cgroup", v2)
      .with("sys/fs/cgroup/loopscope.service/memory.max", "1000000\n")
      .with("sys/fs/cgroup/memory.max", "2000000\n");
  EXPECT_EQ(limits(root).memory_bytes, 1'000'000u);
}

TEST(container_limits, of_v1_are_read_where_the_mount_is_the_containers_own) {
  fake_root root;
  root.with("proc/self/cgroup", "9:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n")
      .mounted("/sys/fs/cgroup/memory", v1("memory"), "/docker/abc")
      .mounted("/sys/fs/cgroup/cpu,cpuacct", v1("cpu,cpuacct"), "/docker/abc")
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n")
      .with("sys/fs/cgroup/memory/memory.soft_limit_in_bytes", "1000\n")
      .with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n")
      .with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limits(root).memory_bytes, 64u << 20);
  EXPECT_EQ(limits(root).cpus, 2.0);
}

TEST(container_limits, of_v1_are_those_of_groups_that_only_memory_stat_shows) {
  fake_root root;
  root.with("proc/self/cgroup", "9:memory:/kubepods/pod/abc\n")
      .mounted("/sys/fs/cgroup/memory", v1("memory"), "/kubepods/pod/abc")
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
      .with("sys/fs/cgroup/memory/memory.stat", "cache 0\nhierarchical_memory_limit 67108864\ntotal_cache 0\n");
  EXPECT_EQ(limits(root).memory_bytes, 64u << 20);
}

TEST(container_limits, of_v1_are_none_at_its_largest_number_and_minus_one) {
  fake_root root;
  root.with("proc/self/cgroup", "9:memory:/\n4:cpu:/\n")
      .mounted("/sys/fs/cgroup/memory", v1("memory"))
      .mounted("/sys/fs/cgroup/cpu", v1("cpu"))
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
      .with("sys/fs/cgroup/memory/memory.stat", "hierarchical_memory_limit 9223372036854771712\n")
      .with("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
      .with("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limits(root).memory_bytes, std::nullopt);
  EXPECT_EQ(limits(root).cpus, std::nullopt);
}

TEST(container_limits, ignore_what_is_no_number) {
  for (const std::string text : {"12 MiB\n", "", "\n", "1e6\n", "-1\n", "0x100\n", "99999999999999999999999\n"}) {
    fake_root root;
    root.with("proc/self/cgroup", "0::/\n")
        .mounted("/sys/fs/cgroup", v2)
        .with("sys/fs/cgroup/memory.max", text)
        .with("sys/fs/cgroup/memory.high", text)
        .with("sys/fs/cgroup/memory.stat", "hierarchical_memory_limit")
        .with("sys/fs/cgroup/cpu.max", "100000\n");
    EXPECT_EQ(limits(root).memory_bytes, std::nullopt) << text;
    EXPECT_EQ(limits(root).cpus, std::nullopt) << text;
  }
}

TEST(container_limits, are_the_process_limits_where_those_are_less) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n").mounted("/sys/fs/cgroup", v2);
  root.with("sys/fs/cgroup/memory.max", std::to_string(1ULL << 50));
  for (const auto which : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(which, &before), 0);
    rlimit lower = before;
    lower.rlim_cur = 1ULL << 49;  // beyond what a sanitizer reserves
    if (::setrlimit(which, &lower) != 0) GTEST_SKIP() << "the limit is lower already";
    EXPECT_EQ(limits(root).memory_bytes, 1ULL << 49);
    ::setrlimit(which, &before);
  }
}

}  // namespace
}  // namespace loopscope::config
