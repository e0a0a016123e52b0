#include "writers/method.hpp"

#include <gtest/gtest.h>

#include <set>

#include "writers/strategy.hpp"

namespace loopscope::writers {
namespace {

TEST(method, is_found_by_its_name) {
  for (const method_info& each : all_methods()) EXPECT_EQ(find_method(each.name), each.id);
}

TEST(method, is_found_by_its_aliases) {
  EXPECT_EQ(find_method("async"), method::promise);
  EXPECT_EQ(find_method("await"), method::promise);
}

TEST(method, is_not_found_by_another_spelling) {
  EXPECT_EQ(find_method(""), std::nullopt);
  EXPECT_EQ(find_method("SYNC"), std::nullopt);
  EXPECT_EQ(find_method("sync "), std::nullopt);
}

TEST(method, has_a_strategy_of_its_own) {
  std::set<strategy> strategies;
  for (const method_info& each : all_methods()) {
    EXPECT_EQ(info(each.id).name, each.name);
    strategies.insert(strategy_for(each.id));
  }
  EXPECT_EQ(strategies.size(), method_count);
}

const uring_support available{true, "io_uring is available"};
const uring_support unavailable{false, "no io_uring here"};

TEST(select_back_end, takes_threads_for_auto_whatever_this_machine_has) {
  for (const auto& uring : {available, unavailable}) {
    const auto chosen = select_back_end(back_end_choice::automatic, back_end_choice::automatic, uring);
    EXPECT_EQ(chosen.id, back_end::threads);
    EXPECT_EQ(chosen.reason, "auto is threads, as in libuv");
  }
}

TEST(select_back_end, takes_uring_for_who_asks) {
  const auto by_request = select_back_end(back_end_choice::uring, back_end_choice::threads, available);
  EXPECT_EQ(by_request.id, back_end::uring);
  EXPECT_EQ(by_request.reason, "asked for");
  const auto by_flag = select_back_end(back_end_choice::automatic, back_end_choice::uring, available);
  EXPECT_EQ(by_flag.id, back_end::uring);
  EXPECT_EQ(by_flag.reason, "asked for by --file-io");
}

TEST(select_back_end, prefers_what_the_request_asks_for) {
  EXPECT_EQ(select_back_end(back_end_choice::threads, back_end_choice::uring, available).id, back_end::threads);
}

TEST(select_back_end, falls_back_to_threads_and_says_why) {
  const auto chosen = select_back_end(back_end_choice::automatic, back_end_choice::uring, unavailable);
  EXPECT_EQ(chosen.id, back_end::threads);
  EXPECT_EQ(chosen.reason, "uring was asked for by --file-io, but no io_uring here");
}

}  // namespace
}  // namespace loopscope::writers
