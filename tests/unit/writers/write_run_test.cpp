// SPDX-License-Identifier: MIT

#include "writers/write_run.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <tuple>

#include "tests/support/expected_records.hpp"
#include "tests/support/print.hpp"
#include "tests/support/rings.hpp"
#include "tests/support/run_coroutine.hpp"
#include "tests/support/temporary_directory.hpp"
#include "writers/back_end.hpp"
#include "writers/methods/write_task.hpp"

namespace loopscope::writers {
namespace {

namespace asio = boost::asio;
using testing::expected_records;
using testing::read_file;

class write_run : public ::testing::Test {
 protected:
  file_result<write_report> run(const write_request& request, std::stop_token stop = {}) {
    return testing::run_coroutine(io_, run_write(request, environment_, progress_, std::move(stop)));
  }

  asio::io_context io_;
  testing::temporary_directory directory_;
  io_pool pool_{4};
  system::peak_memory_meter memory_;
  write_environment environment_{directory_.path(), pool_, memory_};
  write_progress progress_;
};

class every_method_and_back_end : public write_run,
                                  public ::testing::WithParamInterface<std::tuple<const method*, back_end>> {
 protected:
  void SetUp() override {
    request_.method = std::get<0>(GetParam());
    request_.io = {std::get<1>(GetParam()), "the test asks for it"};
    request_.count = 2000;
    if (request_.io.id != back_end::uring) return;
    if (const auto obstacle = testing::obstacle_to_rings(); !obstacle.empty()) GTEST_SKIP() << obstacle;
  }

  std::filesystem::path output() const { return output_path(directory_.path(), *request_.method); }

  write_request request_;
};

/// Every method on every back end that can carry it out.
std::vector<std::tuple<const method*, back_end>> methods_and_back_ends() {
  std::vector<std::tuple<const method*, back_end>> out;
  for (const auto& each : all_methods()) {
    out.emplace_back(&each, back_end::threads);
    if (each.back_ends == back_end_use::any) out.emplace_back(&each, back_end::uring);
  }
  return out;
}

TEST_P(every_method_and_back_end, reports_what_it_wrote) {
  request_.verify = true;
  const auto report = run(request_);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->bytes, std::filesystem::file_size(output()));
  EXPECT_EQ(report->file, output());
  EXPECT_TRUE(report->content->complete);
  EXPECT_EQ(report->io.has_value(), request_.method->back_ends != back_end_use::none);
  EXPECT_LE(report->queued, report->completed);
  EXPECT_FALSE(report->durable);
  EXPECT_EQ(report->sync_calls, 0u);
  EXPECT_GT(report->cpu.process_user.count() + report->cpu.process_system.count(), 0);
  EXPECT_EQ(report->drains.has_value(), request_.method->has_buffer);
  EXPECT_EQ(directory_.parts_left(), 0u);
  if (!request_.method->has_buffer) {
    EXPECT_EQ(report->write_calls, 2000u);
  }
  if (request_.method->name != "callback" || request_.io.id == back_end::uring) {
    EXPECT_EQ(read_file(output()), expected_records(2000));
  }
}

TEST_P(every_method_and_back_end, reaches_the_disk_when_asked) {
  request_.durable = durability::disk;
  const auto report = run(request_);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_TRUE(report->durable);
  EXPECT_GE(*report->durable, report->completed);
  EXPECT_EQ(report->sync_calls, 2u);
}

TEST_P(every_method_and_back_end, leaves_the_earlier_file_when_cancelled) {
  ASSERT_TRUE(run(request_));
  const std::string earlier = read_file(output());
  std::stop_source stop;
  stop.request_stop();
  const auto report = run(request_, stop.get_token());
  ASSERT_TRUE(report.has_error());
  EXPECT_EQ(report.error().code, asio::error::operation_aborted);
  EXPECT_EQ(read_file(output()), earlier);
  EXPECT_EQ(directory_.parts_left(), 0u);
}

/// A real short write and a real EFBIG, through the kernel's own limit.
TEST_P(every_method_and_back_end, leaves_the_earlier_file_when_the_disk_says_no) {
  ASSERT_TRUE(run(request_));
  const std::string earlier = read_file(output());
  rlimit unlimited{};
  ::getrlimit(RLIMIT_FSIZE, &unlimited);
  rlimit limited = unlimited;
  limited.rlim_cur = 5001;
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limited);
  const auto report = run(request_);
  ::setrlimit(RLIMIT_FSIZE, &unlimited);
  std::signal(SIGXFSZ, previous);

  ASSERT_TRUE(report.has_error());
  EXPECT_EQ(report.error().code.value(), EFBIG);
  EXPECT_EQ(report.error().operation, "write");
  EXPECT_EQ(read_file(output()), earlier);
  EXPECT_EQ(directory_.parts_left(), 0u);
}

INSTANTIATE_TEST_SUITE_P(of_the_table, every_method_and_back_end, ::testing::ValuesIn(methods_and_back_ends()),
                         [](const auto& each) {
                           return std::string{std::get<0>(each.param)->name} + "_on_" +
                                  std::string{to_string(std::get<1>(each.param))};
                         });

TEST_F(write_run, reports_a_missing_directory) {
  write_environment nowhere{directory_.path() / "gone", pool_, memory_};
  write_request request;
  request.method = find_method("sync");
  request.count = 1;
  const auto report = testing::run_coroutine(io_, run_write(request, nowhere, progress_, {}));
  ASSERT_TRUE(report.has_error());
  EXPECT_EQ(report.error().code.value(), ENOENT);
}

TEST_F(write_run, of_a_stream_counts_a_write_for_every_drain_and_the_rest) {
  write_request request;
  request.method = find_method("stream");
  const auto report = run(request);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->bytes, 7'888'890u);
  EXPECT_EQ(report->drains, 120u);
  EXPECT_EQ(report->write_calls, 121u);
}

TEST_F(write_run, of_a_callback_loses_the_order_and_nothing_else) {
  write_request request;
  request.method = find_method("callback");
  request.count = 300'000;
  request.verify = true;
  const auto report = run(request);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->content->complete);
  EXPECT_FALSE(report->content->in_order);
  EXPECT_GT(report->content->out_of_order_records, 0u);
}

TEST_F(write_run, of_a_callback_gives_its_memory_back) {
  write_request request;
  request.method = find_method("callback");
  request.count = 300'000;
  const auto report = run(request);
  ASSERT_TRUE(report);
  const auto& memory = report->memory;
  if (!memory.before_bytes || !memory.peak_bytes || !memory.after_bytes) GTEST_SKIP() << "no figures of memory here";
  ASSERT_GT(*memory.peak_bytes, *memory.before_bytes + request.method->memory_bytes(request) / 2);
  EXPECT_LT(*memory.after_bytes, (*memory.before_bytes + *memory.peak_bytes) / 2);
}

}  // namespace
}  // namespace loopscope::writers
