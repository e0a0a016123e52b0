// SPDX-License-Identifier: MIT

#include "writers/method.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace loopscope::writers {
namespace {

TEST(method, is_found_by_its_name_and_its_aliases) {
  for (const method& each : all_methods()) {
    EXPECT_EQ(find_method(each.name), &each);
    for (const auto alias : each.aliases) EXPECT_EQ(find_method(alias), &each) << alias;
  }
  EXPECT_EQ(find_method("await"), find_method("promise"));
}

TEST(method, is_not_found_by_another_spelling) {
  for (const auto* name : {"", "SYNC", "sync "}) EXPECT_EQ(find_method(name), nullptr) << '"' << name << '"';
}

TEST(method, shares_no_name_with_another_one) {
  std::set<std::string_view> names;
  std::size_t count = 0;
  for (const method& each : all_methods()) {
    names.insert(each.name);
    names.insert(each.aliases.begin(), each.aliases.end());
    count += 1 + each.aliases.size();
  }
  EXPECT_EQ(names.size(), count);
}

TEST(method, has_a_row_without_gaps) {
  for (const method& each : all_methods()) {
    EXPECT_TRUE(each.run && each.memory_bytes) << each.name;
    EXPECT_FALSE(each.description.empty() || each.shows.empty()) << each.name;
    EXPECT_FALSE(each.default_slice && !each.takes_slice) << each.name;
    EXPECT_EQ(&all_methods()[index_of(each)], &each);
  }
}

}  // namespace
}  // namespace loopscope::writers
