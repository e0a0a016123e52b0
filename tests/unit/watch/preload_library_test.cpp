// SPDX-License-Identifier: MIT

#include "server/watch/preload_library.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::watch {
namespace {

namespace fs = std::filesystem;

fs::path add_library(const fs::path& folder) {
  fs::create_directories(folder);
  fs::path library = folder / preload_library_name;
  std::ofstream{library} << "library";
  return library;
}

TEST(preload_library, is_found_beside_the_program_before_its_lib_folders) {
  const testing::temporary_directory root;
  const fs::path bin = root.path() / "bin";
  EXPECT_TRUE(blocking_find_preload_library(bin).has_error());
  const auto in_lib = add_library(root.path() / "lib");
  EXPECT_EQ(blocking_find_preload_library(bin).value(), in_lib);
  const auto in_own = add_library(root.path() / "lib" / "loopscope");
  EXPECT_EQ(blocking_find_preload_library(bin).value(), in_own);
  const auto beside = add_library(bin);
  EXPECT_EQ(blocking_find_preload_library(bin).value(), beside);
}

TEST(preload_library, keeps_its_path_where_the_loader_can_read_it) {
  EXPECT_EQ(preload_path{"/usr/lib/w.so"}.text(), "/usr/lib/w.so");
}

TEST(preload_library, gets_another_path_where_the_loader_would_take_it_apart) {
  const testing::temporary_directory root;
  for (const char* folder : {"a b", "a:b", "$ORIGIN"}) {
    const auto library = add_library(root.path() / folder);
    const preload_path path{library};
    EXPECT_TRUE(path.text().starts_with("/proc/" + std::to_string(::getpid()) + "/fd/")) << path.text();
    EXPECT_EQ(testing::read_file(path.text()), "library");
  }
  EXPECT_THROW(preload_path{root.path() / "no such"}, std::system_error);
}

}  // namespace
}  // namespace loopscope::watch
