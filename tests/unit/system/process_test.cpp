#include "writers/system/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

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

TEST(process_figures, reads_the_soft_limit_of_descriptors) {
  EXPECT_EQ(parse_max_descriptors("Limit  Soft\nMax open files            1024                 4096   files\n"), 1024u);
  EXPECT_FALSE(parse_max_descriptors("Max open files            unlimited            unlimited   files\n"));
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

TEST(process_figures, counts_the_descriptors_that_are_open_without_its_own) {
  const auto before = blocking_count_descriptors();
  const int opened = ::dup(STDIN_FILENO);
  const auto after = blocking_count_descriptors();
  ::close(opened);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*after, *before + 1);
  EXPECT_EQ(blocking_count_descriptors(), before);
}

}  // namespace
}  // namespace loopscope::system
