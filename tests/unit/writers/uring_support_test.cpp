#include "writers/file/uring_support.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace loopscope::writers {
namespace {

TEST(uring_support, names_the_sysctl_that_forbids_it) {
  EXPECT_EQ(explain_uring_failure(EPERM, 2), "kernel.io_uring_disabled is 2 (EPERM)");
}

TEST(uring_support, names_a_container_profile_when_no_sysctl_forbids_it) {
  EXPECT_NE(explain_uring_failure(EPERM, 0).find("seccomp"), std::string::npos);
  EXPECT_NE(explain_uring_failure(EPERM, -1).find("seccomp"), std::string::npos);
}

TEST(uring_support, names_an_old_kernel) {
  EXPECT_NE(explain_uring_failure(ENOSYS, -1).find("no io_uring"), std::string::npos);
}

TEST(uring_support, gives_the_errno_of_anything_else) {
  EXPECT_NE(explain_uring_failure(EMFILE, 0).find("errno 24"), std::string::npos);
}

TEST(uring_support, always_says_why) {
  EXPECT_FALSE(probe_uring().reason.empty());
}

}  // namespace
}  // namespace loopscope::writers
