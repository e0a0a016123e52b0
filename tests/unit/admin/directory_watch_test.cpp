#include "server/admin/directory_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;

/// What a look finds; shared, because a look may outlive its watch.
struct directory {
  std::atomic<bool> gone{false};
  std::atomic<bool> hangs{false};
  std::binary_semaphore answers{0};
};

std::function<std::string()> look_at(std::shared_ptr<directory> at) {
  return [at = std::move(at)]() -> std::string {
    if (at->hangs) at->answers.acquire();
    return at->gone ? "it is gone" : "";
  };
}

void wait_until_it_says(const directory_watch& watch, const std::string& failure) {
  while (watch.failure() != failure) std::this_thread::yield();
}

TEST(directory_watch, tells_what_it_found_last) {
  const auto at = std::make_shared<directory>();
  const directory_watch watch{look_at(at), 1ms};
  EXPECT_EQ(watch.failure(), "");
  at->gone = true;
  wait_until_it_says(watch, "it is gone");
  at->gone = false;
  wait_until_it_says(watch, "");
}

TEST(directory_watch, a_look_that_hangs_is_a_failure_until_it_ends) {
  const auto at = std::make_shared<directory>();
  const directory_watch watch{look_at(at), 1ms, 20ms};
  at->hangs = true;
  wait_until_it_says(watch, "it does not answer");
  at->hangs = false;
  at->answers.release();
  wait_until_it_says(watch, "");
}

TEST(directory_watch, ends_while_a_look_hangs) {
  const auto at = std::make_shared<directory>();
  at->hangs = true;
  {
    const directory_watch watch{look_at(at), 1ms, 1ms};
    wait_until_it_says(watch, "it does not answer");
  }
  at->answers.release();
}

}  // namespace
}  // namespace loopscope::admin
