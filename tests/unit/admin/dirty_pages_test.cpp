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

TEST(dirty_pages, what_meminfo_does_not_say_is_absent) {
  EXPECT_FALSE(parse_meminfo("MemTotal: 8 kB\nWritebackTmp: 9 kB\n").writeback_bytes);
  EXPECT_FALSE(parse_meminfo("Dirty: none\n").dirty_bytes);
}

TEST(dirty_pages, counts_only_files_that_writes_make) {
  EXPECT_TRUE(is_output_name("stream.txt"));
  EXPECT_TRUE(is_output_name("stream.txt.a1B2c3.part"));
  EXPECT_FALSE(is_output_name("stream.txt.bak"));
  EXPECT_FALSE(is_output_name("streams.txt"));
  EXPECT_FALSE(is_output_name("notes.txt"));
}

TEST(dirty_pages, adds_up_complete_outputs_and_those_under_way) {
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

TEST(dirty_pages, a_directory_that_cannot_be_read_gives_no_figure) {
  const loopscope::testing::temporary_directory directory;
  EXPECT_FALSE(blocking_read_output_pages(directory.path() / "missing"));
}

TEST(dirty_pages, a_pipe_with_an_outputs_name_is_not_waited_for) {
  const loopscope::testing::temporary_directory directory;
  ASSERT_EQ(::mkfifo((directory.path() / "sync.txt").c_str(), 0600), 0);
  blocking_read_output_pages(directory.path());  // returns
}

}  // namespace
}  // namespace loopscope::admin
