// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <latch>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/expected_records.hpp"
#include "tests/support/fake_file.hpp"
#include "tests/support/print.hpp"
#include "tests/support/run_coroutine.hpp"
#include "writers/file/pool_file.hpp"
#include "writers/method.hpp"
#include "writers/methods/record.hpp"
#include "writers/methods/write_task.hpp"
#include "writers/run/verify.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::writers {
namespace {

namespace asio = boost::asio;
using testing::expected_records;
using testing::fake_file;

/// Opens when a loop has heard of the first end of a write. How many writes a flood's threads carry out before depends
/// on when the loop's thread runs.
class first_completion {
 public:
  first_completion(asio::io_context& loop, const write_progress& progress) : loop_(loop), progress_(progress) {
    look();
  }
  void wait() const { heard_.wait(); }

 private:
  void look() {
    if (progress_.pending_records() < progress_.pending_peak_records()) return heard_.count_down();
    asio::post(loop_, [this] { look(); });
  }

  asio::io_context& loop_;
  const write_progress& progress_;
  std::latch heard_{1};
};

/// One method writing into a fake file through the thread pool.
class every_method : public ::testing::TestWithParam<method> {
 protected:
  error_code write(std::uint64_t count) {
    pool_file back_end{io_.get_executor(), pool_, file_};
    write_task task{count, 1024, slice(), stop_.get_token(), pool_, file_, &back_end, progress_};
    progress_.started();
    return testing::run_coroutine(io_, GetParam().run(task));
  }

  content_figures check(std::uint64_t count) const {
    record_checker checker{count};
    const std::string content = file_.content();
    checker.feed(std::as_bytes(std::span{content.data(), content.size()}));
    return checker.finish();
  }

  bool is(std::string_view name) const { return GetParam().name == name; }
  std::optional<std::chrono::microseconds> slice() const {
    if (!is("partition")) return std::nullopt;
    return std::chrono::microseconds{50};
  }

  asio::io_context io_;
  io_pool pool_{4};
  fake_file file_;
  write_progress progress_;
  std::stop_source stop_;
};

TEST_P(every_method, write_every_record_once) {
  ASSERT_FALSE(write(3000));
  EXPECT_TRUE(check(3000).complete);
  if (!is("callback")) {
    EXPECT_EQ(file_.content(), expected_records(3000));
  }
}

TEST_P(every_method, write_a_single_record) {
  ASSERT_FALSE(write(1));
  EXPECT_EQ(file_.content(), " 0 ");
}

TEST_P(every_method, survive_short_writes_and_interruptions) {
  file_.on_write = [](std::uint64_t call) {
    return call % 3 == 0 ? fake_file::behaviour{.error_value = EINTR} : fake_file::behaviour{.max_bytes = 3};
  };
  ASSERT_FALSE(write(2000));
  EXPECT_TRUE(check(2000).complete);
}

TEST_P(every_method, report_the_first_error_and_stop_writing) {
  file_.on_write = [](std::uint64_t call) { return fake_file::behaviour{.error_value = call >= 1 ? ENOSPC : 0}; };
  EXPECT_EQ(write(200'000).value(), ENOSPC);
  if (!is("callback")) {  // which hears of nothing before it has started every write
    EXPECT_LT(file_.calls(), 200'000u);
  }
}

TEST_P(every_method, leave_nothing_in_flight_after_an_error_in_the_middle) {
  file_.on_write = [](std::uint64_t call) {
    return call < 700 ? fake_file::behaviour{.max_bytes = 5} : fake_file::behaviour{.error_value = EIO};
  };
  EXPECT_EQ(write(100'000).value(), EIO);
  const std::uint64_t calls = file_.calls();
  pool_.join();
  EXPECT_EQ(file_.calls(), calls);
  EXPECT_GT(calls, 700u);
  if (!is("callback")) {
    EXPECT_TRUE(expected_records(100'000).starts_with(file_.content()));
  }
}

TEST_P(every_method, stop_when_asked) {
  file_.on_write = [this](std::uint64_t call) {
    if (call == 2) stop_.request_stop();
    return fake_file::behaviour{};
  };
  EXPECT_EQ(write(300'000), asio::error::operation_aborted);
  if (!is("callback")) {
    EXPECT_LT(file_.calls(), 300'000u);
  }
}

TEST_P(every_method, have_nothing_pending_at_the_end) {
  ASSERT_FALSE(write(3000));
  EXPECT_EQ(progress_.written_records(), 3000u);
  EXPECT_EQ(progress_.pending_records(), 0u);
  EXPECT_EQ(progress_.pending_bytes(), 0u);
}

TEST_P(every_method, know_when_everything_was_queued) {
  ASSERT_FALSE(write(3000));
  ASSERT_TRUE(progress_.queued_after());
  EXPECT_LE(*progress_.queued_after(), progress_.elapsed());
}

TEST_P(every_method, bound_what_is_pending_unless_they_are_the_flood) {
  ASSERT_FALSE(write(3000));
  if (is("callback")) {
    EXPECT_EQ(progress_.pending_peak_records(), 3000u);
  } else if (is("stream")) {
    EXPECT_GE(progress_.pending_peak_bytes(), 1024u);
    EXPECT_LT(progress_.pending_peak_bytes(), 1024u + max_record_bytes);
  } else {
    EXPECT_EQ(progress_.pending_peak_records(), 1u);
  }
}

/// The loop, which has the short slice, then need not wait for the end of the write.
TEST(offload, writes_with_the_usual_time_slice_on_a_thread_that_has_a_short_one) {
  asio::io_context io;
  io_pool pool{1, 1, io_pool::time_slice::shortest};
  const auto slice_of_worker = [&] {
    struct answer {
      std::chrono::nanoseconds slice;
    };
    const auto ask = [] { return answer{system::time_slice()}; };
    const auto asked = [&]() -> asio::awaitable<answer> {
      co_return co_await pool.async_run(ask, asio::use_awaitable);
    };
    return testing::run_coroutine(io, asked()).slice;
  };
  const auto usual = system::time_slice();
  const auto before = slice_of_worker();
  if (before == usual) GTEST_SKIP() << "this kernel or its sandbox knows no time slice of a thread";

  std::chrono::nanoseconds during{0};
  fake_file file;
  file.on_write = [&during](std::uint64_t) {
    during = system::time_slice();
    return fake_file::behaviour{};
  };
  write_progress progress;
  write_task task{10, 1024, {}, {}, pool, file, nullptr, progress};
  progress.started();
  ASSERT_FALSE(testing::run_coroutine(io, find_method("offload")->run(task)));
  EXPECT_EQ(during, usual);
  EXPECT_EQ(slice_of_worker(), before);
}

/// A write that hangs must not hang the loop of a method that promises to leave it free.
TEST_P(every_method, leave_the_loop_free_while_a_write_hangs) {
  if (is("sync") || is("partition")) GTEST_SKIP() << "writes on the loop itself, on purpose";
  file_.hold();
  std::function<void()> release_when_hanging = [&] {
    if (file_.hanging_writes() > 0) return file_.release();
    asio::post(io_, release_when_hanging);
  };
  asio::post(io_, release_when_hanging);  // runs only on a loop that is free
  ASSERT_FALSE(write(100));
  EXPECT_TRUE(check(100).complete);
}

TEST_P(every_method, end_as_cancelled_when_a_write_that_hung_returns) {
  std::optional<first_completion> first;
  if (is("callback")) first.emplace(io_, progress_);
  file_.on_write = [&first](std::uint64_t call) {
    if (first && call >= 1000) first->wait();
    return fake_file::behaviour{};
  };
  file_.hold();
  std::thread other{[this] {
    file_.wait_until_writes_hang(1);
    stop_.request_stop();
    file_.release();
  }};
  EXPECT_EQ(write(200'000), asio::error::operation_aborted);
  other.join();
  EXPECT_LT(file_.calls(), 200'000u);
}

/// The one that hangs keeps a thread of the pool, and no more than that.
TEST_P(every_method, do_not_hold_up_another_run_with_a_write_that_never_returns) {
  if (is("sync") || is("partition")) GTEST_SKIP() << "writes on the loop itself, on purpose";
  if (is("callback")) GTEST_SKIP() << "its records are in no order that could be compared";
  fake_file other_file;
  pool_file other_back_end{io_.get_executor(), pool_, other_file};
  write_progress other_progress;
  write_task other{100, 1024, {}, {}, pool_, other_file, &other_back_end, other_progress};
  file_.hold();
  const auto write_beside = [&]() -> asio::awaitable<void> {
    while (file_.hanging_writes() == 0) co_await asio::post(io_, asio::use_awaitable);
    EXPECT_FALSE(co_await GetParam().run(other));
    EXPECT_EQ(file_.hanging_writes(), 1u);
    file_.release();
  };
  asio::co_spawn(asio::any_io_executor{io_.get_executor()}, write_beside(), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  ASSERT_FALSE(write(100));
  EXPECT_EQ(other_file.content(), expected_records(100));
  EXPECT_EQ(file_.content(), expected_records(100));
}

TEST_P(every_method, yield_to_other_handlers_as_their_method_says) {
  int others = 0;
  bool writing = true;
  std::function<void()> other = [&] {
    ++others;
    if (writing) asio::post(io_, other);
  };
  asio::post(io_, other);
  pool_file back_end{io_.get_executor(), pool_, file_};
  // Each record of promise waits for a thread, beside a loop that never sleeps.
  const std::uint64_t count = is("promise") ? 200 : 20'000;
  write_task task{count, 1024, slice(), stop_.get_token(), pool_, file_, &back_end, progress_};
  int others_before = 0;
  int others_after = 0;
  const auto write = [&]() -> asio::awaitable<error_code> {
    others_before = others;
    const error_code error = co_await GetParam().run(task);
    others_after = others;
    writing = false;
    co_return error;
  };
  ASSERT_FALSE(testing::run_coroutine(io_, write()));
  if (is("sync")) {
    EXPECT_EQ(others_after, others_before);
  } else {
    EXPECT_GT(others_after, others_before);
  }
}

INSTANTIATE_TEST_SUITE_P(of_the_table, every_method, ::testing::ValuesIn(all_methods()),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST(stream_strategy, drains_once_for_every_high_water_mark) {
  asio::io_context io;
  io_pool pool{1};
  fake_file file;
  write_progress progress;
  pool_file back_end{io.get_executor(), pool, file};
  write_task task{100'000, 65'536, {}, {}, pool, file, &back_end, progress};
  ASSERT_FALSE(testing::run_coroutine(io, find_method("stream")->run(task)));
  // A record that crosses the mark goes with its chunk: 688,890 bytes are ten marks and a rest.
  EXPECT_EQ(progress.drains(), 10u);
  EXPECT_EQ(file.calls(), 11u);
}

/// A flood of 100,000 records, and how often another handler ran before the last was queued.
class callback_in_slices : public ::testing::Test {
 protected:
  error_code write(std::optional<std::chrono::microseconds> slice) {
    write_task task{100'000, 1024, slice, stop_.get_token(), pool_, file_, &back_end_, progress_};
    bool done = false;
    std::function<void()> other = [&] {
      if (done || progress_.queued_after()) return;
      ++others_while_queueing_;
      if (on_turn) on_turn();
      asio::post(io_, other);
    };
    const auto write = [&]() -> asio::awaitable<error_code> {
      asio::post(io_, other);
      const error_code error = co_await find_method("callback")->run(task);
      done = true;
      co_return error;
    };
    return testing::run_coroutine(io_, write());
  }

  std::function<void()> on_turn;
  int others_while_queueing_ = 0;
  asio::io_context io_;
  io_pool pool_{4};
  fake_file file_;
  write_progress progress_;
  std::stop_source stop_;
  pool_file back_end_{io_.get_executor(), pool_, file_};
};

constexpr std::chrono::microseconds shortest_slice{1};

TEST_F(callback_in_slices, lets_other_handlers_run_while_it_queues) {
  ASSERT_FALSE(write(shortest_slice));
  EXPECT_GT(others_while_queueing_, 50);
  EXPECT_EQ(file_.calls(), 100'000u);
  EXPECT_EQ(progress_.written_records(), 100'000u);
}

TEST_F(callback_in_slices, lets_none_run_unless_asked_to) {
  ASSERT_FALSE(write(std::nullopt));
  EXPECT_EQ(others_while_queueing_, 0);
  EXPECT_EQ(progress_.pending_peak_records(), 100'000u);
}

/// Slices give the loop its turns; they are no backpressure.
TEST_F(callback_in_slices, queues_everything_while_no_write_returns) {
  file_.hold();
  on_turn = [this] { EXPECT_EQ(progress_.written_records(), 0u); };
  std::thread other{[this] {
    while (!progress_.queued_after()) std::this_thread::yield();
    file_.release();
  }};
  EXPECT_FALSE(write(shortest_slice));
  other.join();
  EXPECT_EQ(progress_.pending_peak_records(), 100'000u);
}

TEST_F(callback_in_slices, stops_queueing_when_asked_to) {
  file_.hold();
  on_turn = [this] {
    stop_.request_stop();
    file_.release();
  };
  EXPECT_EQ(write(shortest_slice), asio::error::operation_aborted);
  EXPECT_LT(progress_.pending_peak_records(), 50'000u);
}

TEST_F(callback_in_slices, stops_queueing_after_an_error) {
  const first_completion first{io_, progress_};
  file_.on_write = [&first](std::uint64_t call) {
    if (call >= 1000) first.wait();
    return fake_file::behaviour{.error_value = ENOSPC};
  };
  EXPECT_EQ(write(shortest_slice).value(), ENOSPC);
  EXPECT_LT(file_.calls(), 100'000u);
}

}  // namespace
}  // namespace loopscope::writers
