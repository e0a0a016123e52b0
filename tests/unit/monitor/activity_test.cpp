// SPDX-License-Identifier: MIT

#include "server/monitor/activity.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace loopscope::monitor {
namespace {

std::shared_ptr<activity_slot> slot_of(std::size_t capacity) {
  return std::make_shared<activity_slot>(capacity);
}

std::string query_of(std::uint64_t id) {
  return std::string(200, static_cast<char>('a' + id % 26)) + std::to_string(id);
}

TEST(activity, is_read_while_its_scope_lasts) {
  const auto slot = slot_of(4);
  const activity current(slot, 42, "GET /write", "method=sync");
  EXPECT_FALSE(slot->read());
  {
    const activity_scope scope(*slot, current);
    const auto read = slot->read();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->id, 42U);
    EXPECT_EQ(read->route, "GET /write");
    EXPECT_EQ(read->query, "method=sync");
  }
  EXPECT_FALSE(slot->read());
}

TEST(activity, is_current_again_when_a_nested_scope_has_ended) {
  const auto slot = slot_of(4);
  const activity outer(slot, 1, "outer", "");
  const activity inner(slot, 2, "inner", "");
  const activity_scope a(*slot, outer);
  {
    const activity_scope b(*slot, inner);
    EXPECT_EQ(slot->read()->id, 2U);
  }
  EXPECT_EQ(slot->read()->id, 1U);
}

TEST(activity, beyond_the_capacity_names_nothing_and_is_counted) {
  const auto slot = slot_of(2);
  const activity a(slot, 1, "", "");
  {
    const activity b(slot, 2, "", "");
    const activity c(slot, 3, "", "");
    EXPECT_EQ(c.ticket(), 0U);
    EXPECT_EQ(slot->dropped(), 1U);
    const activity_scope scope(*slot, c);
    EXPECT_FALSE(slot->read());
  }
  const activity d(slot, 4, "", "");
  EXPECT_NE(d.ticket(), 0U);
  EXPECT_EQ(slot->dropped(), 1U);
}

TEST(activity, names_no_request_once_it_is_destroyed) {
  const auto slot = slot_of(1);
  auto ended = std::make_unique<activity>(slot, 1, "ended", "");
  slot->publish(ended->ticket());
  EXPECT_TRUE(slot->read());
  ended.reset();
  EXPECT_FALSE(slot->read());
}

TEST(activity, that_was_destroyed_is_never_taken_for_the_one_in_its_place) {
  const auto slot = slot_of(1);
  auto old = std::make_unique<activity>(slot, 1, "old", "");
  const auto old_ticket = old->ticket();
  old.reset();
  const activity fresh(slot, 2, "fresh", "");
  slot->publish(old_ticket);
  EXPECT_FALSE(slot->read());
  slot->publish(fresh.ticket());
  EXPECT_EQ(slot->read()->id, 2U);
}

TEST(activity, cuts_long_texts_between_characters) {
  const auto slot = slot_of(1);
  std::string query;
  for (int i = 0; i < 200; ++i) query += "\xc3\xa9";
  const activity current(slot, 1, std::string(100, 'r'), query);
  const activity_scope scope(*slot, current);
  const auto read = slot->read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->route, std::string(63, 'r'));
  EXPECT_EQ(read->query, query.substr(0, 254));
}

// Whatever is read belongs together, however often the record is reused meanwhile.
TEST(activity, is_read_whole_or_not_at_all_while_its_record_is_reused) {
  // One record, so that each activity overwrites the one before.
  const auto slot = slot_of(1);
  std::atomic<int> whole{0};
  std::atomic<int> torn{0};
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto read = slot->read();
      if (!read) continue;
      const auto id = std::to_string(read->id);
      ++(read->route == "route " + id && read->query == query_of(read->id) ? whole : torn);
    }
  });
  // Made in advance, so that the writer does little but write.
  std::vector<std::pair<std::string, std::string>> texts;
  for (std::uint64_t id = 0; id < 64; ++id) texts.emplace_back("route " + std::to_string(id), query_of(id));
  for (const auto start = std::chrono::steady_clock::now();
       std::chrono::steady_clock::now() - start < std::chrono::milliseconds{300};) {
    for (std::uint64_t id = 0; id < 64; ++id) {
      const activity current(slot, id, texts[id].first, texts[id].second);
      const activity_scope scope(*slot, current);
    }
    // On a shared core the reader runs only when the writer waits for it.
    const activity current(slot, 0, texts[0].first, texts[0].second);
    const activity_scope scope(*slot, current);
    for (const int before = whole; whole == before && torn == 0;) std::this_thread::yield();
  }
  reader.request_stop();
  reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_GT(whole, 0);
}

TEST(activity, keeps_the_records_alive_until_it_is_destroyed) {
  auto slot = slot_of(1);
  const std::weak_ptr<activity_slot> records = slot;
  auto last = std::make_unique<activity>(slot, 1, "a", "");
  slot.reset();
  EXPECT_FALSE(records.expired());
  last.reset();
  EXPECT_TRUE(records.expired());
}

}  // namespace
}  // namespace loopscope::monitor
