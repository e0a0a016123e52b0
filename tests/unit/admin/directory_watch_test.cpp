// SPDX-License-Identifier: MIT

#include "server/admin/directory_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

#include "tests/support/eventually.hpp"

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

/// What a check finds. Shared, because a check may outlive its watch.
struct directory {
  std::atomic<bool> gone{false};
  std::atomic<bool> hangs{false};
  std::binary_semaphore released{0};
};

std::function<std::string()> check(std::shared_ptr<directory> at) {
  return [at = std::move(at)]() -> std::string {
    if (at->hangs) at->released.acquire();
    return at->gone ? "it is gone" : "";
  };
}

bool becomes(const directory_watch& watch, const std::string& failure) {
  return loopscope::testing::eventually([&] { return watch.failure() == failure; });
}

TEST(directory_watch, returns_the_result_of_the_last_check) {
  const auto at = std::make_shared<directory>();
  const directory_watch watch{check(at), 1ms};
  EXPECT_EQ(watch.failure(), "");
  at->gone = true;
  ASSERT_TRUE(becomes(watch, "it is gone"));
  at->gone = false;
  ASSERT_TRUE(becomes(watch, ""));
}

TEST(directory_watch, a_check_that_hangs_is_a_failure_until_it_ends) {
  const auto at = std::make_shared<directory>();
  const directory_watch watch{check(at), 1ms, 20ms};
  at->hangs = true;
  ASSERT_TRUE(becomes(watch, "it does not answer"));
  at->hangs = false;
  at->released.release();
  ASSERT_TRUE(becomes(watch, ""));
}

TEST(directory_watch, is_destroyed_while_a_check_hangs) {
  const auto at = std::make_shared<directory>();
  at->hangs = true;
  {
    const directory_watch watch{check(at), 1ms, 1ms};
    ASSERT_TRUE(becomes(watch, "it does not answer"));
  }
  at->released.release();
}

}  // namespace
}  // namespace loopscope::admin
