// SPDX-License-Identifier: MIT

#include "server/watch/watch_map_owner.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;

TEST(watch_map_owner, shares_a_map_with_a_header_and_free_words) {
  const watch_map_owner owner{25ms};
  const int descriptor = ::open(owner.path().c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  void* memory = ::mmap(nullptr, sizeof(watch_map), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& map = *static_cast<watch_map*>(memory);
  EXPECT_EQ(map.magic, map_magic);
  EXPECT_EQ(map.size, sizeof(watch_map));
  EXPECT_EQ(map.long_turn_ns, 25'000'000);
  EXPECT_EQ(map.threads.back().tid, 0);
  map.threads.back().tid = 5;
  EXPECT_EQ(owner.map().threads.back().tid, 5);
  ::munmap(memory, sizeof(watch_map));
  ::close(descriptor);
}

TEST(watch_map_owner, lets_no_watched_program_cut_the_map) {
  const watch_map_owner owner{25ms};
  const int descriptor = ::open(owner.path().c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  EXPECT_EQ(::ftruncate(descriptor, 0), -1);
  EXPECT_EQ(errno, EPERM);
  ::close(descriptor);
}

TEST(watch_map_owner, keeps_its_descriptor_from_the_command) {
  const watch_map_owner owner{25ms};
  const int descriptor = std::stoi(owner.path().substr(owner.path().rfind('/') + 1));
  EXPECT_EQ(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

}  // namespace
}  // namespace loopscope::watch
