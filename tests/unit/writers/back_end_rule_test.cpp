// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <cerrno>

#include "writers/back_end.hpp"
#include "writers/method.hpp"

namespace loopscope::writers {
namespace {

const uring_support available{true, "io_uring is available"};
const uring_support unavailable{false, "no io_uring here"};

TEST(back_end_rule, takes_threads_for_auto_on_every_machine) {
  for (const auto& uring : {available, unavailable}) {
    const auto chosen = back_end_rule{uring, back_end_choice::automatic}.select(back_end_choice::automatic);
    EXPECT_EQ(chosen.id, back_end::threads);
    EXPECT_EQ(chosen.reason, "auto is threads, as in libuv");
  }
}

TEST(back_end_rule, takes_uring_if_it_is_asked_for) {
  const auto by_request = back_end_rule{available, back_end_choice::threads}.select(back_end_choice::uring);
  EXPECT_EQ(by_request.id, back_end::uring);
  EXPECT_EQ(by_request.reason, "asked for");
  const auto by_flag = back_end_rule{available, back_end_choice::uring}.select(back_end_choice::automatic);
  EXPECT_EQ(by_flag.id, back_end::uring);
  EXPECT_EQ(by_flag.reason, "asked for by --file-io");
}

TEST(back_end_rule, prefers_the_choice_of_the_request) {
  EXPECT_EQ((back_end_rule{available, back_end_choice::uring}.select(back_end_choice::threads).id), back_end::threads);
}

TEST(back_end_rule, falls_back_to_threads_and_says_why) {
  const auto chosen = back_end_rule{unavailable, back_end_choice::uring}.select(back_end_choice::automatic);
  EXPECT_EQ(chosen.id, back_end::threads);
  EXPECT_EQ(chosen.reason, "uring was asked for by --file-io, but no io_uring here");
}

TEST(back_end_rule, names_the_reason_against_a_back_end) {
  const back_end_rule rule{unavailable};
  for (const method& each : all_methods()) {
    EXPECT_FALSE(rule.reason_against(each, back_end_choice::automatic)) << each.name;
    EXPECT_TRUE(rule.reason_against(each, back_end_choice::uring)) << each.name;
    EXPECT_EQ(back_end_rule{available}.reason_against(each, back_end_choice::uring).has_value(),
              each.back_ends != back_end_use::any)
        << each.name;
  }
}

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
