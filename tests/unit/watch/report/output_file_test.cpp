// SPDX-License-Identifier: MIT

#include "server/watch/report/output_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::watch {
namespace {

namespace fs = std::filesystem;
using loopscope::testing::read_file;

struct output_file : ::testing::Test {
  loopscope::testing::temporary_directory directory;
  fs::path file = directory.path() / "watch.json";
};

TEST_F(output_file, is_replaced_as_a_whole) {
  EXPECT_EQ(blocking_replace_file(file, "a longer first content"), "");
  EXPECT_EQ(blocking_replace_file(file, "second"), "");
  EXPECT_EQ(read_file(file), "second");
  EXPECT_EQ(directory.parts_left(), 0U);
}

TEST_F(output_file, a_failure_leaves_the_previous_one_and_no_part) {
  ASSERT_EQ(blocking_replace_file(file, "previous"), "");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tight{4096, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &tight);
  const auto failure = blocking_replace_file(file, std::string(100'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(failure, file.string() + " could not be written: File too large.");
  EXPECT_EQ(read_file(file), "previous");
  EXPECT_EQ(directory.parts_left(), 0U);
}

TEST_F(output_file, a_missing_directory_is_named) {
  const auto missing = directory.path() / "none" / "watch.json";
  EXPECT_EQ(blocking_replace_file(missing, "x"),
            missing.string() + " could not be written: No such file or directory.");
}

TEST_F(output_file, a_full_device_is_an_error) {
  EXPECT_EQ(blocking_replace_file("/dev/full", "x"), "/dev/full could not be written: No space left on device.");
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(output_file, a_symbolic_link_stays) {
  const auto link = directory.path() / "link";
  ASSERT_EQ(blocking_replace_file(file, "first"), "");
  fs::create_symlink(file, link);
  EXPECT_EQ(blocking_replace_file(link, "second"), "");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_file(file), "second");
}

TEST_F(output_file, a_fifo_is_written_to_and_nobody_waits_for_its_reader) {
  const auto fifo = directory.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(blocking_replace_file(fifo, "x"), fifo.string() + " could not be written: No such device or address.");
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(blocking_replace_file(fifo, "content"), "");
  char content[16] = {};
  EXPECT_EQ(::read(reader, content, sizeof content), 7);
  EXPECT_STREQ(content, "content");
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(fifo));
}

TEST_F(output_file, a_pipe_without_a_reader_raises_no_signal) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const auto name = "/dev/fd/" + std::to_string(ends[1]);
  EXPECT_NE(blocking_replace_file(name, "x"), "");
  ::close(ends[1]);
}

}  // namespace
}  // namespace loopscope::watch
