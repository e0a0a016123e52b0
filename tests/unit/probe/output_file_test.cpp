// SPDX-License-Identifier: MIT

#include "load/probe/report/output_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace loopscope::probe {
namespace {

namespace fs = std::filesystem;

class output_file_in_a_folder : public ::testing::Test {
 protected:
  output_file_in_a_folder() {
    std::string name = ::testing::TempDir() + "output_file_XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~output_file_in_a_folder() override { fs::remove_all(folder_); }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

 private:
  fs::path folder_;
};

void write_new(std::ostream& out) {
  out << "new";
}

int error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& failure) {
    return failure.code().value();
  }
  return 0;
}

TEST_F(output_file_in_a_folder, replaces_the_earlier_one_only_when_it_is_whole) {
  put(path("report"), "earlier");
  chmod(path("report").c_str(), 0640);
  output_file file(path("report"));
  EXPECT_EQ(text_of(path("report")), "earlier");
  EXPECT_EQ(files(), 1u);
  file.write([this](std::ostream& out) {
    out << "new" << std::flush;
    EXPECT_EQ(text_of(path("report")), "earlier");
  });
  EXPECT_EQ(text_of(path("report")), "new");
  EXPECT_EQ(files(), 1u);
  struct stat about {};
  ASSERT_EQ(stat(path("report").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640u);
}

TEST_F(output_file_in_a_folder, keeps_the_earlier_one_when_writing_fails) {
  put(path("report"), "earlier");
  output_file file(path("report"));
  EXPECT_NE(error_of([&] {
              file.write([](std::ostream& out) {
                out << "half";
                out.setstate(std::ios::badbit);
              });
            }),
            0);
  EXPECT_EQ(text_of(path("report")), "earlier");
  EXPECT_EQ(files(), 1u);
}

TEST_F(output_file_in_a_folder, goes_where_a_symbolic_link_leads) {
  put(path("real"), "earlier");
  fs::create_symlink("real", path("link"));
  output_file(path("link")).write(write_new);
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(text_of(path("real")), "new");
}

TEST_F(output_file_in_a_folder, writes_directly_what_is_no_regular_file) {
  output_file full("/dev/full");
  EXPECT_EQ(error_of([&full] { full.write(write_new); }), ENOSPC);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));

  fs::create_symlink("/dev/null", path("link"));
  output_file(path("link")).write(write_new);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_EQ(files(), 1u);
}

TEST_F(output_file_in_a_folder, may_have_the_longest_name) {
  const std::string first(255, 'n');
  const std::string second = std::string(254, 'n') + "m";
  output_file one(path(first.c_str()));
  output_file other(path(second.c_str()));
  one.write([&](std::ostream& out) {
    out << "one" << std::flush;
    other.write([](std::ostream& inner) { inner << "other"; });  // their temporary names differ
  });
  EXPECT_EQ(text_of(path(first.c_str())), "one");
  EXPECT_EQ(text_of(path(second.c_str())), "other");
  EXPECT_EQ(files(), 2u);
}

TEST_F(output_file_in_a_folder, that_cannot_be_is_refused_before_the_run) {
  EXPECT_EQ(error_of([this] { output_file file(path("no/such/folder")); }), ENOENT);
  EXPECT_EQ(error_of([this] { output_file file(path("")); }), EISDIR);
}

}  // namespace
}  // namespace loopscope::probe
