// SPDX-License-Identifier: MIT

#include "writers/file/part_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <thread>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::writers {
namespace {

using testing::read_file;
using testing::temporary_directory;

void write_text(part_file& output, std::string_view text) {
  ASSERT_FALSE(blocking_write_all(output.file(), std::as_bytes(std::span{text.data(), text.size()})));
}

TEST(part_file, has_its_name_only_when_committed) {
  const temporary_directory directory;
  const auto target = directory.path() / "sync.txt";
  auto output = part_file::blocking_create(target);
  ASSERT_TRUE(output);
  write_text(*output, "whole");
  EXPECT_FALSE(std::filesystem::exists(target));
  EXPECT_TRUE(output->part().ends_with(".part"));
  ASSERT_TRUE(output->blocking_commit());
  EXPECT_EQ(read_file(target), "whole");
  EXPECT_EQ(directory.parts_left(), 0u);
}

TEST(part_file, leaves_the_earlier_file_when_discarded) {
  const temporary_directory directory;
  const auto target = directory.path() / "sync.txt";
  std::ofstream{target} << "earlier";
  {
    auto output = part_file::blocking_create(target);
    ASSERT_TRUE(output);
    write_text(*output, "half");
  }
  EXPECT_EQ(read_file(target), "earlier");
  EXPECT_EQ(directory.parts_left(), 0u);
}

TEST(part_file, names_call_and_path_when_there_is_no_directory) {
  const auto output = part_file::blocking_create("/nonexistent/sync.txt");
  ASSERT_TRUE(output.has_error());
  EXPECT_EQ(output.error().code.value(), ENOENT);
  EXPECT_EQ(output.error().operation, "open");
  EXPECT_NE(output.error().message().find("/nonexistent/sync.txt"), std::string::npos);
}

TEST(part_file, two_at_once_do_not_meet) {
  const temporary_directory directory;
  const auto target = directory.path() / "stream.txt";
  auto first = part_file::blocking_create(target);
  auto second = part_file::blocking_create(target);
  ASSERT_TRUE(first && second);
  write_text(*first, "first");
  write_text(*second, "second");
  ASSERT_TRUE(first->blocking_commit());
  ASSERT_TRUE(second->blocking_commit());
  EXPECT_EQ(read_file(target), "second");
}

TEST(part_file, removes_what_a_killed_process_left_and_nothing_else) {
  const temporary_directory directory;
  const auto target = directory.path() / "stream.txt";
  std::ofstream{target} << "earlier";
  std::ofstream{directory.path() / "stream.txt.a1B2c3.part"} << "left";
  std::ofstream{directory.path() / "other.txt.a1B2c3.part"} << "not mine";
  const auto under_way = part_file::blocking_create(target);
  ASSERT_TRUE(under_way);

  EXPECT_EQ(part_file::blocking_remove_abandoned(target), 1u);
  EXPECT_TRUE(std::filesystem::exists(under_way->part()));
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "other.txt.a1B2c3.part"));
  EXPECT_EQ(read_file(target), "earlier");
}

TEST(part_file, is_never_taken_for_a_leftover_however_often_others_clean_up) {
  const temporary_directory directory;
  const auto target = directory.path() / "stream.txt";
  const std::jthread other{[&target](const std::stop_token& stop) {
    while (!stop.stop_requested())
      part_file::blocking_remove_abandoned(std::span{&target, 1}, std::chrono::milliseconds{0});
  }};
  for (int i = 0; i < 20'000; ++i) {
    auto output = part_file::blocking_create(target);
    ASSERT_TRUE(output) << output.error().message();
    const auto committed = output->blocking_commit();
    ASSERT_TRUE(committed) << committed.error().message();
  }
}

/// As after kill -9 of a process that had a ring: what io_uring keeps open holds no lock.
TEST(part_file, its_lock_is_not_on_the_description_that_is_written_through) {
  const temporary_directory directory;
  const auto target = directory.path() / "stream.txt";
  posix_file kept_by_the_ring;
  std::string part;
  {
    auto output = part_file::blocking_create(target);
    ASSERT_TRUE(output);
    kept_by_the_ring = posix_file{::dup(output->file().descriptor())};
    part = output->part();
    ASSERT_EQ(::link(part.c_str(), (directory.path() / "kept").c_str()), 0);
  }
  std::filesystem::rename(directory.path() / "kept", part);  // as if nobody had removed it
  EXPECT_EQ(part_file::blocking_remove_abandoned(std::span{&target, 1}, std::chrono::milliseconds{0}), 1u);
}

TEST(part_file, waits_for_a_lock_that_is_about_to_be_released) {
  const temporary_directory directory;
  const auto target = directory.path() / "stream.txt";
  const posix_file left{::open((directory.path() / "stream.txt.a1B2c3.part").c_str(), O_RDWR | O_CREAT, 0600)};
  ASSERT_EQ(::flock(left.descriptor(), LOCK_EX), 0);
  EXPECT_EQ(part_file::blocking_remove_abandoned(std::span{&target, 1}, std::chrono::milliseconds{0}), 0u);
  std::jthread dying{[&left] {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    ::flock(left.descriptor(), LOCK_UN);
  }};
  EXPECT_EQ(part_file::blocking_remove_abandoned(std::span{&target, 1}, std::chrono::minutes{1}), 1u);
}

TEST(part_file, leaves_what_has_a_parts_name_and_is_no_file) {
  const temporary_directory directory;
  const auto target = directory.path() / "stream.txt";
  ASSERT_EQ(::mkfifo((directory.path() / "stream.txt.ffffff.part").c_str(), 0600), 0);
  std::filesystem::create_directory(directory.path() / "stream.txt.dddddd.part");
  std::filesystem::create_symlink("elsewhere", directory.path() / "stream.txt.llllll.part");
  EXPECT_EQ(part_file::blocking_remove_abandoned(target), 0u);
  EXPECT_EQ(directory.parts_left(), 3u);
}

/// Where it were set, the ring would give up writes that have to wait.
TEST(part_file, is_written_in_the_blocking_mode) {
  const temporary_directory directory;
  auto output = part_file::blocking_create(directory.path() / "sync.txt");
  ASSERT_TRUE(output);
  EXPECT_EQ(::fcntl(output->file().descriptor(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(part_file, counts_the_calls_it_makes) {
  const temporary_directory directory;
  auto output = part_file::blocking_create(directory.path() / "sync.txt");
  ASSERT_TRUE(output);
  write_text(*output, "1");
  write_text(*output, "2");
  ASSERT_TRUE(output->blocking_sync_file());
  EXPECT_EQ(output->file().write_calls(), 2u);
  EXPECT_EQ(output->file().sync_calls(), 1u);
}

}  // namespace
}  // namespace loopscope::writers
