#include "server/cli/container_limits.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::cli {
namespace {

/// A root with the files that the kernel would show.
class fake_root {
 public:
  fake_root& with(const std::string& file, const std::string& text) {
    const auto path = directory_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << text;
    return *this;
  }

  container_limits limits() const { return blocking_read_container_limits(directory_.path()); }

 private:
  testing::temporary_directory directory_;
};

TEST(container_limits, are_none_without_control_groups) {
  const container_limits limits = fake_root{}.limits();
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
  EXPECT_EQ(limits.cpus, std::nullopt);
}

TEST(container_limits, of_v2_are_read_inside_a_container) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n")
      .with("sys/fs/cgroup/memory.max", "134217728\n")
      .with("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(root.limits().memory_bytes, 128u << 20);
  EXPECT_EQ(root.limits().cpus, 1.5);
}

TEST(container_limits, of_v2_say_max_for_none) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n")
      .with("sys/fs/cgroup/memory.max", "max\n")
      .with("sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(root.limits().memory_bytes, std::nullopt);
  EXPECT_EQ(root.limits().cpus, std::nullopt);
}

TEST(container_limits, of_a_group_above_hold_where_they_are_less) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/system.slice/loopscope.service\n")
      .with("sys/fs/cgroup/system.slice/loopscope.service/memory.max", "max\n")
      .with("sys/fs/cgroup/system.slice/loopscope.service/cpu.max", "400000 100000\n")
      .with("sys/fs/cgroup/system.slice/memory.max", "1000000\n")
      .with("sys/fs/cgroup/system.slice/cpu.max", "50000 100000\n");
  EXPECT_EQ(root.limits().memory_bytes, 1'000'000u);
  EXPECT_EQ(root.limits().cpus, 0.5);
}

TEST(container_limits, of_the_group_itself_hold_where_those_above_are_more) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/loopscope.service\n")
      .with("sys/fs/cgroup/loopscope.service/memory.max", "1000000\n")
      .with("sys/fs/cgroup/memory.max", "2000000\n");
  EXPECT_EQ(root.limits().memory_bytes, 1'000'000u);
}

TEST(container_limits, outside_the_namespace_are_those_of_the_mount) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/../../other\n").with("sys/fs/cgroup/memory.max", "2000000\n");
  EXPECT_EQ(root.limits().memory_bytes, 2'000'000u);
}

TEST(container_limits, of_v1_are_read_where_the_mount_is_the_containers_own) {
  fake_root root;
  root.with("proc/self/cgroup", "9:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n")
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n")
      .with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "200000\n")
      .with("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.limits().memory_bytes, 64u << 20);
  EXPECT_EQ(root.limits().cpus, 2.0);
}

TEST(container_limits, of_v1_are_none_at_its_largest_number_and_minus_one) {
  fake_root root;
  root.with("proc/self/cgroup", "9:memory:/\n4:cpu:/\n")
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
      .with("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
      .with("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(root.limits().memory_bytes, std::nullopt);
  EXPECT_EQ(root.limits().cpus, std::nullopt);
}

TEST(container_limits, ignore_what_is_no_number) {
  fake_root root;
  root.with("proc/self/cgroup", "nonsense\n9:memory\n0::/\n")
      .with("sys/fs/cgroup/memory.max", "12 MiB\n")
      .with("sys/fs/cgroup/cpu.max", "100000\n");
  EXPECT_EQ(root.limits().memory_bytes, std::nullopt);
  EXPECT_EQ(root.limits().cpus, std::nullopt);
}

}  // namespace
}  // namespace loopscope::cli
