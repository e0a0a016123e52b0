// SPDX-License-Identifier: MIT

#include "server/runs/run_registry.hpp"

#include <gtest/gtest.h>

namespace loopscope::runs {
namespace {

writers::write_request some_request() {
  writers::write_request request;
  request.method = writers::find_method("sync");
  return request;
}

std::shared_ptr<active_run> begin(run_registry& registry) {
  return std::get<std::shared_ptr<active_run>>(registry.begin(some_request(), std::nullopt));
}

TEST(run_registry, gives_every_run_its_own_number) {
  run_registry registry{run_limits{}};
  EXPECT_NE(begin(registry)->id, begin(registry)->id);
  EXPECT_EQ(registry.active().size(), 2u);
}

TEST(run_registry, remembers_how_a_run_ended) {
  run_registry registry{run_limits{}};
  const auto run = begin(registry);
  registry.end(run, outcome::failed, "write sync.txt: no", std::nullopt);
  EXPECT_TRUE(registry.active().empty());
  ASSERT_EQ(registry.finished().size(), 1u);
  EXPECT_EQ(registry.finished().front()->how, outcome::failed);
  EXPECT_EQ(registry.finished().front()->error, "write sync.txt: no");
}

TEST(run_registry, shows_the_newest_first_and_forgets_the_oldest) {
  run_registry registry{run_limits{}};
  for (int i = 0; i < 100; ++i) registry.end(begin(registry), outcome::completed, {}, std::nullopt);
  const auto finished = registry.finished();
  EXPECT_LT(finished.size(), 100u);
  EXPECT_EQ(finished.front()->run->id, 100u);
}

TEST(run_registry, cancels_every_run_under_way) {
  run_registry registry{run_limits{}};
  const auto first = begin(registry);
  const auto second = begin(registry);
  registry.cancel_all();
  EXPECT_TRUE(first->stop.stop_requested());
  EXPECT_TRUE(second->stop.stop_requested());
}

TEST(run_registry, refuses_runs_once_it_is_closed) {
  run_registry registry{run_limits{}};
  registry.close();
  const auto refused = registry.begin(some_request(), std::nullopt);
  EXPECT_EQ(std::get<refusal>(refused).why, refusal::cause::shutting_down);
}

}  // namespace
}  // namespace loopscope::runs
