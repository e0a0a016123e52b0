// SPDX-License-Identifier: MIT

#include "server/admin/dirty_pages.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::admin {
namespace {

TEST(dirty_pages, reads_the_machines_figures_as_bytes) {
  const auto pages = parse_meminfo(
      "MemTotal:  8 kB\nDirty:              1024 kB\nWriteback:             2 kB\n"
      "WritebackTmp:          9 kB\n");
  EXPECT_EQ(pages.dirty_bytes, 1024u * 1024);
  EXPECT_EQ(pages.writeback_bytes, 2048u);
}

TEST(dirty_pages, a_value_that_is_not_in_meminfo_is_nullopt) {
  EXPECT_FALSE(parse_meminfo("MemTotal: 8 kB\nWritebackTmp: 9 kB\n").writeback_bytes);
  EXPECT_FALSE(parse_meminfo("Dirty: none\n").dirty_bytes);
}

TEST(dirty_pages, counts_only_outputs) {
  EXPECT_TRUE(is_output_name("stream.txt"));
  EXPECT_TRUE(is_output_name("stream.txt.a1B2c3.part"));
  EXPECT_FALSE(is_output_name("stream.txt.bak"));
  EXPECT_FALSE(is_output_name("streams.txt"));
  EXPECT_FALSE(is_output_name("notes.txt"));
}

TEST(dirty_pages, adds_up_complete_and_partial_outputs) {
  const loopscope::testing::temporary_directory directory;
  const std::string text(64 * 1024, 'x');
  const auto measure = [&directory] { return blocking_read_output_pages(directory.path()); };
  ASSERT_TRUE(measure());
  EXPECT_EQ(measure()->cached_bytes, 0u);
  std::ofstream{directory.path() / "sync.txt"} << text;
  const auto one = measure();
  if (!one) GTEST_SKIP() << "this kernel has no cachestat(2)";
  EXPECT_GE(one->cached_bytes, text.size());
  std::ofstream{directory.path() / "stream.txt.a1B2c3.part"} << text;
  std::ofstream{directory.path() / "notes.txt"} << text;
  EXPECT_EQ(measure()->cached_bytes, 2 * one->cached_bytes);
}

TEST(dirty_pages, an_unreadable_directory_gives_nullopt) {
  const loopscope::testing::temporary_directory directory;
  EXPECT_FALSE(blocking_read_output_pages(directory.path() / "missing"));
}

TEST(dirty_pages, a_pipe_with_the_name_of_an_output_does_not_block) {
  const loopscope::testing::temporary_directory directory;
  ASSERT_EQ(::mkfifo((directory.path() / "sync.txt").c_str(), 0600), 0);
  // Opening a pipe for reading without O_NONBLOCK waits for a writer.
  const auto pages = blocking_read_output_pages(directory.path());
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->cached_bytes, 0u);
}

}  // namespace
}  // namespace loopscope::admin
