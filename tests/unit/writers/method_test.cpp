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

}  // namespace
}  // namespace loopscope::writers
