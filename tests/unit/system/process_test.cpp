// SPDX-License-Identifier: MIT

#include "writers/system/process.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <thread>

namespace loopscope::system {
namespace {

TEST(process_figures, reads_stat_past_a_name_with_spaces_and_parentheses) {
  const auto process = parse_process_stat(
      "42 (a) b (c) S 1 42 42 0 -1 4194560 2034 0 0 0 7 3 0 0 20 0 9 0 123456 1073741824 512 "
      "18446744073709551615\n",
      4096);
  EXPECT_EQ(process.threads, 9u);
  EXPECT_EQ(process.started_ticks, 123456u);
  EXPECT_EQ(process.virtual_bytes, 1073741824u);
  EXPECT_EQ(process.resident_bytes, 512u * 4096);
}

TEST(process_figures, what_stat_does_not_say_is_absent) {
  EXPECT_FALSE(parse_process_stat("", 4096).threads);
  const auto cut = parse_process_stat("42 (a) S 1 42", 4096);
  EXPECT_FALSE(cut.resident_bytes);
}

TEST(process_figures, this_process_has_memory_threads_and_a_start_in_the_past) {
  const auto before = blocking_read_process();
  ASSERT_TRUE(before.resident_bytes && before.virtual_bytes && before.threads);
  EXPECT_GT(*before.resident_bytes, 0u);
  EXPECT_GE(*before.virtual_bytes, *before.resident_bytes);
  const auto started_s = blocking_read_start_time_s(before);
  ASSERT_TRUE(started_s);
  EXPECT_LE(*started_s, static_cast<double>(std::time(nullptr)) + 1);
}

TEST(process_figures, another_process_has_its_own_and_none_when_it_is_gone) {
  // Not by fork(2): the child of a fork has a second thread of ThreadSanitizer from some time on.
  pid_t child = 0;
  std::array<char*, 3> arguments{const_cast<char*>("sleep"), const_cast<char*>("600"), nullptr};
  ASSERT_EQ(::posix_spawnp(&child, "sleep", nullptr, nullptr, arguments.data(), environ), 0);
  const auto figures = blocking_read_process(child);
  const auto descriptors = blocking_count_descriptors(child);
  const auto limit = max_descriptors(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(figures.cpu && figures.resident_bytes);
  EXPECT_LT(*figures.cpu, std::chrono::seconds{1});
  EXPECT_EQ(figures.threads, 1u);
  EXPECT_GT(descriptors, 0u);
  EXPECT_EQ(limit, max_descriptors());
  const auto gone = blocking_read_process(child);
  EXPECT_FALSE(gone.cpu || gone.resident_bytes || gone.threads);
  EXPECT_FALSE(blocking_count_descriptors(child));
  EXPECT_FALSE(max_descriptors(child));
}

TEST(process_figures, counts_the_descriptors_that_are_open_without_its_own) {
  const auto before = blocking_count_descriptors();
  const int opened = ::dup(STDIN_FILENO);
  const auto after = blocking_count_descriptors();
  ::close(opened);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*after, *before + 1);
  EXPECT_EQ(blocking_count_descriptors(), before);
}

/// Restores the limit of descriptors at the end of a test.
class descriptor_limit : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &original_), 0); }
  void TearDown() override { ::setrlimit(RLIMIT_NOFILE, &original_); }
  void set_soft(rlim_t count) const {
    rlimit limit = original_;
    limit.rlim_cur = count;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  }

  rlimit original_{};
};

TEST_F(descriptor_limit, is_the_soft_one_and_can_be_raised_to_the_hard_one) {
  if (original_.rlim_max == RLIM_INFINITY) GTEST_SKIP() << "there is no hard limit";
  set_soft(64);
  EXPECT_EQ(max_descriptors(), 64U);
  EXPECT_EQ(raise_descriptor_limit(), original_.rlim_max);
  EXPECT_EQ(max_descriptors(), original_.rlim_max);
}

TEST_F(descriptor_limit, bounds_the_count_of_free_descriptors) {
  EXPECT_EQ(blocking_count_free_descriptors(5), 5U);
  const int next = ::dup(STDIN_FILENO);  // the lowest free number
  ::close(next);
  set_soft(static_cast<rlim_t>(next));
  EXPECT_EQ(blocking_count_free_descriptors(5), 0U);
}

}  // namespace
}  // namespace loopscope::system
