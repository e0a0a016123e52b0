#include "server/admin/readiness.hpp"

#include <gtest/gtest.h>

namespace loopscope::admin {
namespace {

using std::chrono::milliseconds;

readiness judge(std::vector<readiness::loop> loops, bool shutting_down = false, std::string directory_failure = {}) {
  return readiness{loops, milliseconds{25}, shutting_down, directory_failure};
}

TEST(readiness, is_ready_while_every_loop_answers) {
  const auto now = judge({{"io-0"}, {"io-1"}});
  EXPECT_TRUE(now.ready());
  EXPECT_EQ(now.brief(), "ok\n");
  EXPECT_EQ(now.verbose(),
            "[+]loop io-0 ok\n[+]loop io-1 ok\n[+]data directory ok\n[+]shutdown ok\nreadyz check passed\n");
}

TEST(readiness, one_stalled_loop_of_several_is_enough) {
  const auto now = judge({{"io-0"}, {"io-1", milliseconds{312}}});
  EXPECT_FALSE(now.ready());
  EXPECT_EQ(now.brief(), "loop io-1 stalled for 312 ms\n");
  EXPECT_EQ(
      now.verbose(),
      "[+]loop io-0 ok\n[-]loop io-1 stalled for 312 ms\n[+]data directory ok\n[+]shutdown ok\nreadyz check failed\n");
}

TEST(readiness, a_loop_is_stalled_from_the_threshold_on) {
  EXPECT_TRUE(judge({{"io-0", milliseconds{24}}}).ready());
  EXPECT_FALSE(judge({{"io-0", milliseconds{25}}}).ready());
}

TEST(readiness, a_threshold_of_zero_does_not_make_an_idle_loop_stalled) {
  EXPECT_TRUE((readiness{std::vector<readiness::loop>{{"io-0"}}, milliseconds{0}, false, {}}.ready()));
}

TEST(readiness, a_data_directory_that_cannot_be_used_is_named_with_the_reason) {
  const auto now = judge({{"io-0"}}, false, "\"/data\" cannot be used: No such file or directory");
  EXPECT_FALSE(now.ready());
  EXPECT_EQ(now.brief(), "data directory \"/data\" cannot be used: No such file or directory\n");
}

TEST(readiness, ends_with_the_shutdown) {
  const auto now = judge({{"io-0"}}, true);
  EXPECT_FALSE(now.ready());
  EXPECT_EQ(now.brief(), "shutdown under way\n");
}

}  // namespace
}  // namespace loopscope::admin
