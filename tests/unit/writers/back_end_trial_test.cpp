#include "writers/file/back_end_trial.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::writers {
namespace {

using namespace std::chrono_literals;

back_end_trial trial_of(back_end_trial::cost threads, std::optional<back_end_trial::cost> uring) {
  return {threads, uring, {uring.has_value(), uring ? "io_uring is available" : "no io_uring here"}};
}

TEST(back_end_trial, prefers_what_awaits_faster) {
  EXPECT_EQ(trial_of({15us, 1us}, {{4us, 4us}}).select(back_end_choice::automatic, method::promise).id,
            back_end::uring);
  EXPECT_EQ(trial_of({5us, 1us}, {{50us, 4us}}).select(back_end_choice::automatic, method::promise).id,
            back_end::threads);
}

TEST(back_end_trial, prefers_threads_when_the_difference_is_noise) {
  EXPECT_EQ(trial_of({5us, 1us}, {{4500ns, 1us}}).select(back_end_choice::automatic, method::stream).id,
            back_end::threads);
}

TEST(back_end_trial, chooses_for_a_flood_by_a_flood) {
  EXPECT_EQ(trial_of({15us, 1us}, {{4us, 4us}}).select(back_end_choice::automatic, method::callback).id,
            back_end::threads);
}

TEST(back_end_trial, gives_both_figures_as_the_reason) {
  const auto chosen = trial_of({15us, 1us}, {{4us, 4us}}).select(back_end_choice::automatic, method::stream);
  EXPECT_NE(chosen.reason.find("15.0 us on threads"), std::string::npos) << chosen.reason;
  EXPECT_NE(chosen.reason.find("4.0 us on io_uring"), std::string::npos) << chosen.reason;
}

TEST(back_end_trial, falls_back_and_says_why) {
  const auto trial = trial_of({15us, 1us}, std::nullopt);
  for (const auto choice : {back_end_choice::automatic, back_end_choice::uring}) {
    EXPECT_EQ(trial.select(choice, method::stream).id, back_end::threads);
    EXPECT_NE(trial.select(choice, method::stream).reason.find("no io_uring here"), std::string::npos);
  }
}

TEST(back_end_trial, measures_in_the_directory_and_leaves_nothing_there) {
  const testing::temporary_directory directory;
  const auto trial = blocking_try_back_ends(directory.path(), 2);
  ASSERT_TRUE(trial);
  EXPECT_GT(trial->threads.awaited, 0ns);
  EXPECT_GT(trial->threads.flooded, 0ns);
  EXPECT_EQ(trial->uring.has_value(), trial->support.available);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(back_end_trial, reports_a_directory_that_is_not_there) {
  const auto trial = blocking_try_back_ends("/nonexistent", 1);
  ASSERT_TRUE(trial.has_error());
  EXPECT_EQ(trial.error().code.value(), ENOENT);
}

}  // namespace
}  // namespace loopscope::writers
