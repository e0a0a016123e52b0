// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/expected_records.hpp"
#include "tests/support/fake_file.hpp"
#include "tests/support/rings.hpp"
#include "tests/support/temporary_directory.hpp"
#include "writers/back_end.hpp"
#include "writers/file/blocking_file.hpp"
#include "writers/file/pool_file.hpp"
#include "writers/file/uring_file.hpp"
#include "writers/methods/record.hpp"

namespace loopscope::writers {
namespace {

using testing::expected_records;
using testing::fake_file;
namespace asio = boost::asio;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

TEST(blocking_write_all, continues_after_short_writes_and_interruptions) {
  fake_file file;
  file.on_write = [](std::uint64_t call) {
    return call % 2 == 0 ? fake_file::behaviour{.error_value = EINTR} : fake_file::behaviour{.max_bytes = 2};
  };
  EXPECT_FALSE(blocking_write_all(file, bytes("1234567")));
  EXPECT_EQ(file.content(), "1234567");
}

TEST(blocking_write_all, gives_up_on_a_file_that_accepts_nothing) {
  fake_file file;
  file.on_write = [](std::uint64_t) { return fake_file::behaviour{.max_bytes = 0}; };
  EXPECT_EQ(blocking_write_all(file, bytes("1")).value(), EIO);
}

/// A batch of operations on one back end, and what became of each.
class batch {
 public:
  enum class start { one_by_one, in_one_call };
  batch(async_file& file, std::uint64_t count, start how = start::one_by_one) {
    for (std::uint64_t i = 0; i < count; ++i) writes_.push_back(std::make_unique<one>(i, *this));
    operation_queue queued;
    for (auto& each : writes_) {
      queued.push(*each);
      if (how == start::one_by_one) file.start(queued.pop());
    }
    if (how == start::in_one_call) file.start_all(queued);
  }
  const std::map<int, int>& outcomes() const { return outcomes_; }

 private:
  struct one : write_operation {
    one(std::uint64_t number, batch& all) : text(number), owner(all) {
      data = text.bytes();
      on_complete = [](write_operation& self, error_code error) {
        ++static_cast<one&>(self).owner.outcomes_[error.value()];
      };
    }
    record text;
    batch& owner;
  };
  std::vector<std::unique_ptr<one>> writes_;
  std::map<int, int> outcomes_;
};

TEST(pool_file, keeps_every_record_whole_under_short_writes) {
  asio::io_context io;
  io_pool pool{4};
  fake_file file;
  file.on_write = [](std::uint64_t) { return fake_file::behaviour{.max_bytes = 2}; };
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const batch writes{*back_end, 2000};
  back_end.reset();  // its operations keep what they need
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 2000}}));
  std::string content = file.content();
  EXPECT_EQ(content.size(), total_bytes(2000));
  for (int i = 0; i < 2000; ++i) EXPECT_NE(content.find(" " + std::to_string(i) + " "), std::string::npos) << i;
}

/// In one call: a worker that took the first one before the second is there would keep the file's only turn.
TEST(pool_file, writes_two_records_of_a_batch_at_once) {
  asio::io_context io;
  io_pool pool{2};
  fake_file file;
  file.hold();
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const batch writes{*back_end, 2, batch::start::in_one_call};
  file.wait_until_writes_hang(2);
  file.release();
  back_end.reset();
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 2}}));
  EXPECT_EQ(file.content().size(), total_bytes(2));
}

TEST(pool_file, tells_each_operation_of_its_own_error) {
  asio::io_context io;
  io_pool pool{1};
  fake_file file;
  file.on_write = [](std::uint64_t call) { return fake_file::behaviour{.error_value = call == 3 ? EIO : 0}; };
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const batch writes{*back_end, 10};
  back_end.reset();
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 9}, {EIO, 1}}));
}

/// One pool thread, so that a task of the pool has none but the one that spins for the files.
TEST(pool_file, awaited_writes_of_many_files_and_tasks_share_one_thread) {
  constexpr std::size_t files = 8;
  constexpr std::uint64_t count = 500;
  asio::io_context io;
  io_pool pool{1};
  std::vector<fake_file> written(files);
  std::size_t ended = 0;
  const auto write = [&](fake_file& file) -> asio::awaitable<void> {
    pool_file back_end{io.get_executor(), pool, file};
    for (std::uint64_t number = 0; number < count; ++number) {
      const record text{number};
      const auto [error] = co_await async_write_all(back_end, text.bytes(), asio::as_tuple(asio::use_awaitable));
      EXPECT_FALSE(error);
      if (number % 100 != 0) continue;
      const bool ran = co_await pool.async_run([] { return true; }, asio::use_awaitable);
      EXPECT_TRUE(ran);
    }
    ++ended;
  };
  for (fake_file& file : written)
    asio::co_spawn(asio::any_io_executor{io.get_executor()}, write(file), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  io.run();
  EXPECT_EQ(ended, files);
  for (fake_file& file : written) EXPECT_EQ(file.content(), expected_records(count));
}

class pool_files : public ::testing::TestWithParam<std::size_t> {};

/// Some writes last longer than their loop polls, or than the worker that has another file's write looks for the next.
TEST_P(pool_files, awaited_writes_that_are_slow_or_fail_now_and_then_end_with_their_own_result) {
  constexpr std::uint64_t count = 400;
  const std::size_t files = GetParam();
  asio::io_context io;
  io_pool pool{2};
  std::vector<fake_file> written(files);
  for (fake_file& file : written)
    file.on_write = [](std::uint64_t call) {
      if (call % 16 == 0) std::this_thread::sleep_for(std::chrono::milliseconds{1});
      return fake_file::behaviour{.error_value = call % 10 == 0 ? EIO : 0};
    };
  std::vector<std::uint64_t> failed(files);
  const auto write = [&](std::size_t index) -> asio::awaitable<void> {
    pool_file back_end{io.get_executor(), pool, written[index]};
    for (std::uint64_t number = 0; number < count; ++number) {
      const record text{number};
      const auto [error] = co_await async_write_all(back_end, text.bytes(), asio::as_tuple(asio::use_awaitable));
      EXPECT_EQ(error.value(), number % 10 == 0 ? EIO : 0) << number;
      if (error) ++failed[index];
    }
  };
  for (std::size_t index = 0; index < files; ++index)
    asio::co_spawn(asio::any_io_executor{io.get_executor()}, write(index), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  io.run();
  EXPECT_EQ(failed, std::vector<std::uint64_t>(files, count / 10));
}

INSTANTIATE_TEST_SUITE_P(files, pool_files, ::testing::Values(1, 3));

TEST(pool_file, a_write_that_follows_a_lone_one_is_not_forgotten) {
  asio::io_context io;
  io_pool pool{2};
  fake_file file;
  pool_file back_end{io.get_executor(), pool, file};
  for (int round = 0; round < 2000; ++round) {  // a worker looks for the first write of all but the first
    const batch writes{back_end, 2};
    io.restart();
    io.run();
    ASSERT_EQ(writes.outcomes(), (std::map<int, int>{{0, 2}}));
  }
}

TEST(pool_file, a_file_whose_awaited_write_hangs_holds_up_no_other_file) {
  constexpr std::uint64_t count = 2000;
  asio::io_context io;
  io_pool pool{2};
  fake_file hanging;
  fake_file other;
  std::promise<void> other_ended;
  hanging.on_write = [end = other_ended.get_future().share()](std::uint64_t call) {
    if (call == count / 2) end.wait();
    return fake_file::behaviour{};
  };
  const auto write = [&](fake_file& file, std::promise<void>* ended) -> asio::awaitable<void> {
    pool_file back_end{io.get_executor(), pool, file};
    for (std::uint64_t number = 0; number < count; ++number) {
      const record text{number};
      const auto [error] = co_await async_write_all(back_end, text.bytes(), asio::as_tuple(asio::use_awaitable));
      EXPECT_FALSE(error);
    }
    if (ended) ended->set_value();
  };
  asio::co_spawn(asio::any_io_executor{io.get_executor()}, write(hanging, nullptr),
                 [](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
  asio::co_spawn(asio::any_io_executor{io.get_executor()}, write(other, &other_ended),
                 [](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
  io.run();
  for (const fake_file* file : {&hanging, &other}) EXPECT_EQ(file->content(), expected_records(count));
}

TEST(pool_file, cancels_what_no_thread_has_begun) {
  asio::io_context io;
  io_pool pool{2};
  fake_file file;
  file.hold();
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const batch writes{*back_end, 1000};
  file.wait_until_writes_hang(1);
  back_end->cancel();
  file.release();
  back_end.reset();
  io.run();
  EXPECT_GE(writes.outcomes().at(ECANCELED), 1000 - 2 * 64);  // each thread had taken 64 at most
  EXPECT_EQ(writes.outcomes().at(0) + writes.outcomes().at(ECANCELED), 1000);
}

class uring : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = testing::obstacle_to_rings(); !obstacle.empty()) GTEST_SKIP() << obstacle;
  }
};

TEST_F(uring, file_writes_a_batch_in_order) {
  const testing::temporary_directory directory;
  const auto path = directory.path() / "out";
  posix_file file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), file.descriptor()};
  const batch writes{back_end, 3000};
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 3000}}));
  EXPECT_EQ(testing::read_file(path), testing::expected_records(3000));
  EXPECT_EQ(back_end.write_calls(), 3000u);
}

TEST_F(uring, file_reports_the_kernels_error) {
  const posix_file read_only{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), read_only.descriptor()};
  const batch writes{back_end, 2};
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{EBADF, 2}}));
}

TEST_F(uring, file_cancels_what_waits) {
  const posix_file file{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), file.descriptor()};
  const batch writes{back_end, 1000};
  back_end.cancel();
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, static_cast<int>(ring_limiter::max_in_flight)},
                                                   {ECANCELED, 1000 - static_cast<int>(ring_limiter::max_in_flight)}}));
}

TEST_F(uring, file_is_in_order_when_awaited_writes_and_batches_follow_each_other) {
  const testing::temporary_directory directory;
  const auto path = directory.path() / "out";
  posix_file file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), file.descriptor()};
  for (const std::uint64_t count : {1U, 200U, 1U, 70U}) {
    const batch writes{back_end, count};
    io.restart();
    io.run();
    EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, static_cast<int>(count)}}));
  }
  EXPECT_EQ(testing::read_file(path), testing::expected_records(1) + testing::expected_records(200) +
                                          testing::expected_records(1) + testing::expected_records(70));
}

/// Makes writes beyond `bytes` short, or fail, in this process for as long as it lives.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_before_);
  }

 private:
  rlimit before_{};
  void (*signal_before_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

TEST_F(uring, file_writes_what_fits_and_tells_each_operation_of_its_own_error) {
  const testing::temporary_directory directory;
  const auto path = directory.path() / "out";
  posix_file file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  // Within record 100, whose first write is short by a byte.
  const file_size_limit limit{total_bytes(101) - 1};
  asio::io_context io;
  uring_file back_end{io.get_executor(), file.descriptor()};
  const batch writes{back_end, 200};
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 100}, {EFBIG, 100}}));
  EXPECT_EQ(back_end.write_calls(), 201u);
  std::string expected = testing::expected_records(101);
  expected.pop_back();
  EXPECT_EQ(testing::read_file(path), expected);
}

TEST_F(uring, many_files_on_one_loop_take_turns_and_all_end) {
  const posix_file null{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  asio::io_context io;
  std::vector<std::unique_ptr<uring_file>> files;
  std::vector<std::unique_ptr<batch>> batches;
  for (int i = 0; i < 300; ++i) {  // more than Asio takes from its ring at once
    files.push_back(std::make_unique<uring_file>(io.get_executor(), null.descriptor()));
    batches.push_back(std::make_unique<batch>(*files.back(), 3));
  }
  io.run_for(std::chrono::seconds{60});
  for (const auto& each : batches) EXPECT_EQ(each->outcomes(), (std::map<int, int>{{0, 3}}));
}

TEST_F(uring, loop_may_end_with_writes_under_way) {
  const testing::temporary_directory directory;
  posix_file file{::open((directory.path() / "out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  std::unique_ptr<uring_file> back_end;
  std::optional<batch> writes;
  asio::io_context io;
  back_end = std::make_unique<uring_file>(io.get_executor(), file.descriptor());
  writes.emplace(*back_end, 1000);
  io.run_one();
  back_end.reset();
}

}  // namespace
}  // namespace loopscope::writers
