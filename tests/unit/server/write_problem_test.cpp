// SPDX-License-Identifier: MIT

#include "server/routes/write_problem.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace loopscope::routes {
namespace {

writers::file_error failed(int error_value) {
  return {{error_value, boost::system::system_category()}, "write", "/secret/place/stream.txt.a1b2c3.part"};
}

bool has_retry_after(const http::response& answer) {
  return std::ranges::any_of(answer.headers, [](const auto& each) { return each.first == "Retry-After"; });
}

TEST(write_problem, of_a_full_disk_or_quota_is_507) {
  for (const int error_value : {ENOSPC, EDQUOT, EFBIG}) EXPECT_EQ(to_response(failed(error_value)).status, 507u);
}

TEST(write_problem, of_another_failure_is_500) {
  EXPECT_EQ(to_response(failed(EIO)).status, 500u);
}

TEST(write_problem, of_a_want_of_descriptors_or_memory_invites_to_try_again) {
  for (const int error_value : {EMFILE, ENFILE, ENOMEM}) {
    const auto answer = to_response(failed(error_value));
    EXPECT_EQ(answer.status, 503u);
    EXPECT_TRUE(has_retry_after(answer));
  }
  EXPECT_FALSE(has_retry_after(to_response(failed(EIO))));
}

TEST(write_problem, does_not_deny_a_file_whose_directory_was_not_synced) {
  const writers::file_error unsynced{{EIO, boost::system::system_category()}, "fsync", "/secret/place"};
  const auto answer = to_response(unsynced);
  EXPECT_EQ(answer.status, 500u);
  EXPECT_EQ(answer.body.find("nothing was kept"), std::string::npos);
}

TEST(write_problem, names_call_and_errno_but_not_the_servers_folders) {
  const auto answer = to_response(failed(EIO));
  EXPECT_NE(answer.body.find("write"), std::string::npos);
  EXPECT_NE(answer.body.find("errno 5"), std::string::npos);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
}

TEST(write_problem, of_a_cancelled_write_invites_to_try_again) {
  const auto answer = to_response(failed(ECANCELED));
  EXPECT_EQ(answer.status, 503u);
  EXPECT_TRUE(has_retry_after(answer));
}

TEST(write_problem, of_a_busy_service_invites_to_try_again) {
  const auto answer = to_response(runs::refusal{runs::refusal::cause::too_many, "max-writes", 9, 8});
  EXPECT_EQ(answer.status, 429u);
  EXPECT_TRUE(has_retry_after(answer));
}

TEST(write_problem, of_a_request_over_a_limit_names_both_numbers) {
  const auto answer =
      to_response(runs::refusal{runs::refusal::cause::over_limit, "max-pending-bytes", 800, 256, "count"});
  EXPECT_EQ(answer.status, 422u);
  EXPECT_NE(answer.body.find("\"estimate\":800"), std::string::npos);
  EXPECT_NE(answer.body.find("\"limit\":256"), std::string::npos);
  EXPECT_FALSE(has_retry_after(answer));
}

TEST(write_problem, of_a_loop_that_is_behind_names_its_lag_and_invites_to_try_again) {
  const auto answer = to_response(runs::refusal{runs::refusal::cause::loop_behind, "shed-lag", 51'000'000, 50'000'000});
  EXPECT_EQ(answer.status, 503u);
  EXPECT_TRUE(has_retry_after(answer));
  EXPECT_NE(answer.body.find("\"lag_ms\":51.0"), std::string::npos);
}

TEST(write_problem, admits_a_partial_file_that_could_not_be_removed) {
  auto error = failed(EIO);
  error.left_behind = {EROFS, boost::system::system_category()};
  const auto answer = to_response(error);
  EXPECT_EQ(answer.body.find("nothing was kept"), std::string::npos);
  EXPECT_NE(answer.body.find("partial file could not be removed"), std::string::npos);
}

}  // namespace
}  // namespace loopscope::routes
