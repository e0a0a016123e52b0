// SPDX-License-Identifier: MIT

#include "writers/system/thread_specific.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace loopscope::system {
namespace {

std::atomic<int> alive{0};

struct counted {
  counted() { ++alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --alive; }
  int value = 0;
};

TEST(thread_specific, there_is_one_object_for_each_thread_and_it_ends_with_its_thread) {
  static auto& objects = *new thread_specific<counted>;
  objects.get().value = 1;
  std::thread([] {
    EXPECT_EQ(objects.get().value, 0);
    objects.get().value = 2;
    EXPECT_EQ(objects.get().value, 2);
    EXPECT_EQ(alive, 2);
  }).join();
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(objects.get().value, 1);
}

}  // namespace
}  // namespace loopscope::system
