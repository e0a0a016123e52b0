// SPDX-License-Identifier: MIT

#include "server/admin/readiness.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

using std::chrono::milliseconds;

readiness readiness_of(std::vector<readiness::loop> loops, bool shutting_down = false,
                       const std::string& directory_failure = {}) {
  return readiness{loops, milliseconds{25}, shutting_down, directory_failure};
}

TEST(readiness, is_ready_while_no_loop_is_stalled) {
  const auto now = readiness_of({{"io-0"}, {"io-1"}});
  EXPECT_TRUE(now.ready());
  EXPECT_EQ(now.brief(), "ok\n");
  EXPECT_EQ(now.verbose(),
            "[+]loop io-0 ok\n[+]loop io-1 ok\n[+]data directory ok\n[+]shutdown ok\nreadyz check passed\n");
}

TEST(readiness, one_stalled_loop_is_enough_to_be_not_ready) {
  const auto now = readiness_of({{"io-0"}, {"io-1", milliseconds{312}}});
  EXPECT_FALSE(now.ready());
  EXPECT_EQ(now.brief(), "loop io-1 stalled for 312 ms\n");
  EXPECT_EQ(
      now.verbose(),
      "[+]loop io-0 ok\n[-]loop io-1 stalled for 312 ms\n[+]data directory ok\n[+]shutdown ok\nreadyz check failed\n");
}

TEST(readiness, a_loop_is_stalled_from_the_threshold_on) {
  EXPECT_TRUE(readiness_of({{"io-0", milliseconds{24}}}).ready());
  EXPECT_FALSE(readiness_of({{"io-0", milliseconds{25}}}).ready());
}

TEST(readiness, a_threshold_of_zero_does_not_make_an_idle_loop_stalled) {
  EXPECT_TRUE((readiness{std::vector<readiness::loop>{{"io-0"}}, milliseconds{0}, false, {}}.ready()));
}

TEST(readiness, a_failure_of_the_data_directory_is_shown_with_its_reason) {
  const auto now = readiness_of({{"io-0"}}, false, "\"/data\" cannot be used: No such file or directory");
  EXPECT_FALSE(now.ready());
  EXPECT_EQ(now.brief(), "data directory \"/data\" cannot be used: No such file or directory\n");
}

TEST(readiness, is_not_ready_during_the_shutdown) {
  const auto now = readiness_of({{"io-0"}}, true);
  EXPECT_FALSE(now.ready());
  EXPECT_EQ(now.brief(), "shutdown under way\n");
}

TEST(readiness, without_a_data_directory_there_is_no_check_of_one) {
  EXPECT_EQ((readiness{std::vector<readiness::loop>{{"io-0"}}, milliseconds{25}, false, std::nullopt}.verbose()),
            "[+]loop io-0 ok\n[+]shutdown ok\nreadyz check passed\n");
}

}  // namespace
}  // namespace loopscope::admin
