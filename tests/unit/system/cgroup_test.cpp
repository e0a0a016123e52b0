// SPDX-License-Identifier: MIT

#include "writers/system/cgroup.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_root.hpp"

namespace loopscope::system {
namespace {

using loopscope::testing::fake_root;
using loopscope::testing::v1;
using loopscope::testing::v2;
using paths = std::vector<std::string>;

/// Relative to the root.
paths found(const fake_root& root, std::string_view controller) {
  paths all;
  for (const auto& each : blocking_find_cgroups(controller, root.path()))
    all.push_back(each.lexically_relative(root.path()).string());
  return all;
}

TEST(cgroups, are_found_from_the_own_one_upwards) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/a.slice/b.service\n").mounted("/sys/fs/cgroup", v2);
  root.with("sys/fs/cgroup/a.slice/b.service/cpu.stat", "");
  EXPECT_EQ(found(root, "cpu"), (paths{"sys/fs/cgroup/a.slice/b.service", "sys/fs/cgroup/a.slice", "sys/fs/cgroup"}));
}

TEST(cgroups, of_version_1_are_a_controllers_own) {
  fake_root root;
  root.with("proc/self/cgroup", "5:cpuset:/other\n4:cpu,cpuacct:/x\n3:memory:/m\n0::/\n")
      .mounted("/sys/fs/cgroup/cpuset", v1("cpuset"))
      .mounted("/sys/fs/cgroup/cpu,cpuacct", v1("cpu,cpuacct"))
      .mounted("/cgroup/mem", v1("memory"))
      .with("sys/fs/cgroup/cpu,cpuacct/x/cpu.stat", "")
      .with("cgroup/mem/m/memory.limit_in_bytes", "");
  EXPECT_EQ(found(root, "cpu"), (paths{"sys/fs/cgroup/cpu,cpuacct/x", "sys/fs/cgroup/cpu,cpuacct"}));
  EXPECT_EQ(found(root, "memory"), (paths{"cgroup/mem/m", "cgroup/mem"}));
}

TEST(cgroups, of_a_hybrid_are_where_the_controller_is) {
  fake_root root;
  root.with("proc/self/cgroup", "4:cpu:/x\n0::/y\n")
      .mounted("/sys/fs/cgroup/unified", v2)
      .mounted("/sys/fs/cgroup/cpu", v1("cpu"))
      .with("sys/fs/cgroup/cpu/x/cpu.stat", "")
      .with("sys/fs/cgroup/unified/y/memory.max", "");
  EXPECT_EQ(found(root, "cpu"), (paths{"sys/fs/cgroup/cpu/x", "sys/fs/cgroup/cpu"}));
  EXPECT_EQ(found(root, "memory"), (paths{"sys/fs/cgroup/unified/y", "sys/fs/cgroup/unified"}));
}

TEST(cgroups, of_a_container_begin_at_the_group_that_is_mounted) {
  fake_root root;
  root.with("proc/self/cgroup", "4:cpu:/docker/abc/inner\n3:memory:/docker/abc\n")
      .mounted("/sys/fs/cgroup/cpu", v1("cpu"), "/docker/abc")
      .mounted("/sys/fs/cgroup/memory", v1("memory"), "/docker/abc")
      .with("sys/fs/cgroup/cpu/inner/cpu.stat", "")
      .with("sys/fs/cgroup/memory/memory.stat", "");
  EXPECT_EQ(found(root, "cpu"), (paths{"sys/fs/cgroup/cpu/inner", "sys/fs/cgroup/cpu"}));
  EXPECT_EQ(found(root, "memory"), (paths{"sys/fs/cgroup/memory"}));
}

TEST(cgroups, of_a_namespace_are_relative_to_its_root) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/\n").mounted("/sys/fs/cgroup", v2).with("sys/fs/cgroup/memory.max", "");
  EXPECT_EQ(found(root, "memory"), (paths{"sys/fs/cgroup"}));

  fake_root above;  // the mount is older than the namespace
  above.with("proc/self/cgroup", "0::/../sibling\n").mounted("/sys/fs/cgroup", v2, "/..");
  above.with("sys/fs/cgroup/sibling/memory.max", "");
  EXPECT_EQ(found(above, "memory"), (paths{"sys/fs/cgroup/sibling", "sys/fs/cgroup"}));
}

TEST(cgroups, that_the_mount_does_not_show_are_the_mounts) {
  for (const std::string line : {"0::/../../other\n", "0::/..\n", "0::/gone (deleted)\n"}) {
    fake_root root;
    root.with("proc/self/cgroup", line).mounted("/sys/fs/cgroup", v2).with("sys/fs/cgroup/memory.max", "");
    EXPECT_EQ(found(root, "memory"), (paths{"sys/fs/cgroup"})) << line;
  }
}

TEST(cgroups, are_taken_from_the_mount_that_shows_the_own_one) {
  fake_root root;
  root.with("proc/self/cgroup", "0::/a/b\n")
      .mounted("/mnt/other", v2, "/c")
      .mounted("/mnt/with\\040space", v2, "/a")
      .with("mnt/with space/b/memory.max", "");
  EXPECT_EQ(found(root, "memory"), (paths{"mnt/with space/b", "mnt/with space"}));
}

TEST(cgroups, are_none_where_nothing_is_mounted_or_told) {
  EXPECT_EQ(found(fake_root{}, "cpu"), paths{});
  fake_root unmounted;
  EXPECT_EQ(found(unmounted.with("proc/self/cgroup", "4:cpu:/x\n0::/\n"), "cpu"), paths{});
  fake_root garbage;
  garbage.with("proc/self/cgroup", "nonsense\n9:memory\n\n::\n")
      .with("proc/self/mountinfo", "\n - \n33 24 0:29 / /sys\n1 2 3 / /x rw - cgroup2\n");
  EXPECT_EQ(found(garbage, "memory"), paths{});
}

TEST(cgroups, of_this_process_hold_it) {
  for (const auto& each : blocking_find_cgroups("memory"))
    EXPECT_TRUE(std::filesystem::is_regular_file(each / "cgroup.procs")) << each;
}

}  // namespace
}  // namespace loopscope::system
