// SPDX-License-Identifier: MIT

#include "server/support/program.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <stdexcept>

namespace loopscope {
namespace {

TEST(run_program, returns_the_exit_code_of_its_body) {
  EXPECT_EQ(run_program("test", [] { return 42; }), 42);
}

TEST(run_program, reports_an_exception_on_one_line) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_program("test", []() -> int { throw std::runtime_error{"no\nway"}; }), exit_could_not_run);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "test: no\\nway\n");
}

TEST(missing_descriptors, are_reported_with_the_numbers) {
  EXPECT_EQ(missing_descriptors(8, "to test"), "");
  rlimit original{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &original), 0);
  const rlimit few{3, original.rlim_max};  // none beyond the standard ones
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const std::string text = missing_descriptors(8, "to test");
  ::setrlimit(RLIMIT_NOFILE, &original);
  EXPECT_EQ(text, "too few file descriptors to test: 3, needed: 8; raise the limit (ulimit -n, LimitNOFILE)");
}

}  // namespace
}  // namespace loopscope
