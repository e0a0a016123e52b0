// SPDX-License-Identifier: MIT

#include "server/monitor/explain/jit_names.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace loopscope::monitor {
namespace {

void expect_frame(std::string_view name, const stack_frame& expected) {
  const auto frame = parse_jit_name(name);
  EXPECT_EQ(frame.function, expected.function) << name;
  EXPECT_EQ(frame.file, expected.file) << name;
  EXPECT_EQ(frame.line, expected.line) << name;
  EXPECT_TRUE(frame.is_jit);
}

TEST(jit_names, understands_the_names_of_v8) {
  expect_frame("JS:*writeAll /srv/long.js:3:18", {"writeAll", "/srv/long.js", 3});
  expect_frame("JS:~fn file:///srv/my%20app/a.mjs:10:5", {"fn", "/srv/my app/a.mjs", 10});
  expect_frame("JS:^get size /srv/my app/a.js:4:1", {"get size", "/srv/my app/a.js", 4});
  expect_frame("JS:~ /srv/long.js:4:13", {"(anonymous)", "/srv/long.js", 4});
  expect_frame("LazyCompile:~emit node:events:466:44", {"emit", "node:events", 466});
  expect_frame("LazyCompile:*work /srv/my app/a.js:3", {"work", "/srv/my app/a.js", 3});
  expect_frame("Eval:~ /srv/a.js:1", {"(anonymous)", "/srv/a.js", 1});
  expect_frame("Function:~work evalmachine.<anonymous>:1:9", {"work", "evalmachine.<anonymous>", 1});
  expect_frame("Script:~/srv/a.js:1:1", {"(anonymous)", "/srv/a.js", 1});
  expect_frame("Eval:~ node:internal/main/run_main_module:1:1",
               {"(anonymous)", "node:internal/main/run_main_module", 1});
  expect_frame("Builtin:ArrayMap ", {"Builtin:ArrayMap", "", 0});
  expect_frame("RegExp:(a+)+$", {"RegExp:(a+)+$", "", 0});
}

TEST(jit_names, understands_the_names_of_cpython) {
  expect_frame("py::work:/srv/app.py", {"work", "/srv/app.py", 0});
  expect_frame("py::<module>:/srv/app.py", {"<module>", "/srv/app.py", 0});
  expect_frame("py::Job.run:<frozen importlib._bootstrap>", {"Job.run", "<frozen importlib._bootstrap>", 0});
}

/// The perf map of this process.
class map_file : public ::testing::Test {
 protected:
  map_file() { std::filesystem::remove(path_); }
  ~map_file() override { std::filesystem::remove(path_); }

  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  std::string function_at(std::uintptr_t address) {
    const auto found = names_.blocking_find(address);
    return found ? found->function : "none";
  }

  std::string path_ = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
  jit_names names_{::getpid()};
};

TEST_F(map_file, is_read_on_as_it_grows) {
  EXPECT_EQ(function_at(0x1000), "none");
  append("1000 20 first\n1020 10 sec");
  EXPECT_EQ(function_at(0x101f), "first");
  EXPECT_EQ(function_at(0x1020), "none");
  append("ond\n");
  EXPECT_EQ(function_at(0x1020), "second");
  EXPECT_EQ(function_at(0x1030), "none");
}

TEST_F(map_file, gives_the_later_name_where_ranges_overlap) {
  append("1000 100 old\n1040 20 new\n");
  EXPECT_EQ(function_at(0x103f), "old");
  EXPECT_EQ(function_at(0x1040), "new");
  EXPECT_EQ(function_at(0x1060), "old");
  append("f00 200 newest\n");
  EXPECT_EQ(function_at(0x1050), "newest");
  EXPECT_EQ(function_at(0x10ff), "newest");
}

TEST_F(map_file, is_read_anew_when_it_was_replaced_or_truncated) {
  append("1000 20 first\n2000 20 second\n");
  EXPECT_EQ(function_at(0x2000), "second");
  std::filesystem::resize_file(path_, 0);
  append("3000 20 third\n");
  EXPECT_EQ(function_at(0x2000), "none");
  EXPECT_EQ(function_at(0x3000), "third");
  std::filesystem::resize_file(path_, 0);
  append("4000 20 a longer name than before, and more of them\n5000 20 fifth\n");
  EXPECT_EQ(function_at(0x3000), "none");
  EXPECT_EQ(function_at(0x5000), "fifth");
}

TEST_F(map_file, may_have_lines_that_are_none) {
  append("\nx y z\n1000\n1000 0 empty\n1000 ffffffffffffffff wraps\n\xff\xfe\n0x1000 0x20 work\n" +
         std::string(99999, 'a') + "\n2000 10 second\n");
  EXPECT_EQ(function_at(0x1000), "work");
  EXPECT_EQ(function_at(0x2000), "second");
}

TEST_F(map_file, must_be_a_regular_file_of_this_process) {
  const auto elsewhere = path_ + ".elsewhere";
  append("1000 20 first\n");
  std::filesystem::rename(path_, elsewhere);
  std::filesystem::create_symlink(elsewhere, path_);
  EXPECT_EQ(function_at(0x1000), "none");
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(function_at(0x1000), "none");
  std::filesystem::remove(path_);
  std::filesystem::rename(elsewhere, path_);
  EXPECT_EQ(function_at(0x1000), "first");
  std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() - std::chrono::hours{1});
  EXPECT_EQ(function_at(0x1000), "none") << "older than the process";
}

}  // namespace
}  // namespace loopscope::monitor
