#include "writers/file/back_end_trial.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace loopscope::writers {
namespace {

using namespace std::chrono_literals;

back_end_trial trial_of(back_end_trial::cost threads, std::optional<back_end_trial::cost> uring) {
  return {threads, uring, {uring.has_value(), uring ? "io_uring is available" : "no io_uring here"}, {}};
}

/// What each write costs; what a test says nothing about is the same on both.
struct costs {
  std::chrono::nanoseconds record = 10us;
  std::chrono::nanoseconds chunk = 10us;
  std::chrono::nanoseconds flooded = 10us;
  operator back_end_trial::cost() const { return {record, chunk, flooded}; }
};

back_end chosen(costs threads, costs uring, method id) {
  return trial_of(threads, uring).select(back_end_choice::automatic, id).id;
}

TEST(back_end_trial, that_could_not_write_leaves_the_choice_at_threads_and_says_why) {
  auto trial = trial_of({}, std::nullopt);
  trial.support = {true, "io_uring is available"};
  trial.failure = "the disk was full";
  const auto chosen = trial.select(back_end_choice::automatic, method::stream);
  EXPECT_EQ(chosen.id, back_end::threads);
  EXPECT_EQ(chosen.reason, "the disk was full");
  EXPECT_EQ(trial.select(back_end_choice::uring, method::stream).id, back_end::uring);
}

TEST(back_end_trial, chooses_for_each_method_by_writes_like_its_own) {
  const costs base;
  EXPECT_EQ(chosen(base, {.record = 4us}, method::promise), back_end::uring);
  EXPECT_EQ(chosen(base, {.chunk = 4us, .flooded = 4us}, method::promise), back_end::threads);
  EXPECT_EQ(chosen(base, {.chunk = 4us}, method::stream), back_end::uring);
  EXPECT_EQ(chosen(base, {.record = 4us, .flooded = 4us}, method::stream), back_end::threads);
  EXPECT_EQ(chosen(base, {.flooded = 4us}, method::callback), back_end::uring);
  EXPECT_EQ(chosen(base, {.record = 4us, .chunk = 4us}, method::callback), back_end::threads);
}

TEST(back_end_trial, prefers_threads_when_the_difference_is_noise) {
  EXPECT_EQ(chosen({.chunk = 5us}, {.chunk = 4500ns}, method::stream), back_end::threads);
}

TEST(back_end_trial, gives_both_figures_as_the_reason) {
  const auto trial = trial_of(costs{.record = 15us, .chunk = 25us, .flooded = 3us},
                              costs{.record = 4us, .chunk = 14us, .flooded = 2us});
  const auto reason = [&](method id) { return trial.select(back_end_choice::automatic, id).reason; };
  EXPECT_EQ(reason(method::promise),
            "an awaited record here takes 15.0 us on threads and 4.0 us on io_uring, measured at start");
  EXPECT_EQ(reason(method::stream),
            "an awaited write of 64 KiB here takes 25.0 us on threads and 14.0 us on io_uring, measured at start");
  EXPECT_EQ(reason(method::callback),
            "a record of a flood here takes 3.0 us on threads and 2.0 us on io_uring, measured at start");
}

TEST(back_end_trial, falls_back_and_says_why) {
  const auto trial = trial_of(costs{}, std::nullopt);
  for (const auto choice : {back_end_choice::automatic, back_end_choice::uring}) {
    EXPECT_EQ(trial.select(choice, method::stream).id, back_end::threads);
    EXPECT_NE(trial.select(choice, method::stream).reason.find("no io_uring here"), std::string::npos);
  }
}

TEST(back_end_trial, measures_in_the_directory_and_leaves_nothing_there) {
  const testing::temporary_directory directory;
  const auto trial = blocking_try_back_ends(directory.path(), 2);
  ASSERT_TRUE(trial);
  EXPECT_GT(trial->threads.record, 0ns);
  EXPECT_GT(trial->threads.chunk, 0ns);
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
