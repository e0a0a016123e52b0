#include <fcntl.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/expected_records.hpp"
#include "tests/support/fake_file.hpp"
#include "tests/support/temporary_directory.hpp"
#include "writers/file/pool_file.hpp"
#include "writers/file/posix_file.hpp"
#include "writers/file/uring_file.hpp"
#include "writers/file/uring_support.hpp"
#include "writers/record.hpp"

namespace loopscope::writers {
namespace {

using testing::fake_file;
namespace asio = boost::asio;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

TEST(blocking_write_all, continues_after_short_writes_and_interruptions) {
  fake_file file;
  file.on_write = [](std::uint64_t call) {
    return call % 2 == 0 ? fake_file::behaviour{.error_value = EINTR} : fake_file::behaviour{.most = 2};
  };
  EXPECT_FALSE(blocking_write_all(file, bytes("1234567")));
  EXPECT_EQ(file.content(), "1234567");
}

TEST(blocking_write_all, gives_up_on_a_file_that_accepts_nothing) {
  fake_file file;
  file.on_write = [](std::uint64_t) { return fake_file::behaviour{.most = 0}; };
  EXPECT_EQ(blocking_write_all(file, bytes("1")).value(), EIO);
}

/// A flood of operations on one back end, and what became of each.
class flood {
 public:
  flood(async_file& file, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) writes_.push_back(std::make_unique<one>(i, *this));
    for (auto& each : writes_) file.start(*each);
  }
  const std::map<int, int>& outcomes() const { return outcomes_; }

 private:
  struct one : write_operation {
    one(std::uint64_t number, flood& all) : text(number), owner(all) {
      data = text.bytes();
      on_complete = [](write_operation& self, error_code error) {
        ++static_cast<one&>(self).owner.outcomes_[error.value()];
      };
    }
    record text;
    flood& owner;
  };
  std::vector<std::unique_ptr<one>> writes_;
  std::map<int, int> outcomes_;
};

TEST(pool_file, keeps_every_record_whole_under_short_writes) {
  asio::io_context io;
  io_pool pool{4};
  fake_file file;
  file.on_write = [](std::uint64_t) { return fake_file::behaviour{.most = 2}; };
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const flood writes{*back_end, 2000};
  back_end.reset();  // its operations keep what they need
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 2000}}));
  std::string content = file.content();
  EXPECT_EQ(content.size(), total_bytes(2000));
  for (int i = 0; i < 2000; ++i) EXPECT_NE(content.find(" " + std::to_string(i) + " "), std::string::npos) << i;
}

TEST(pool_file, tells_each_operation_of_its_own_error) {
  asio::io_context io;
  io_pool pool{1};
  fake_file file;
  file.on_write = [](std::uint64_t call) { return fake_file::behaviour{.error_value = call == 3 ? EIO : 0}; };
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const flood writes{*back_end, 10};
  back_end.reset();
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 9}, {EIO, 1}}));
}

TEST(pool_file, cancels_what_no_thread_has_begun) {
  asio::io_context io;
  io_pool pool{2};
  fake_file file;
  file.hold();
  auto back_end = std::make_unique<pool_file>(io.get_executor(), pool, file);
  const flood writes{*back_end, 1000};
  file.wait_until_writes_hang(1);
  back_end->cancel();
  file.release();
  back_end.reset();
  io.run();
  EXPECT_GT(writes.outcomes().at(ECANCELED), 900);
  EXPECT_EQ(writes.outcomes().at(0) + writes.outcomes().at(ECANCELED), 1000);
}

class uring : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto support = probe_uring(); !support.available) GTEST_SKIP() << support.reason;
  }
};

TEST_F(uring, file_writes_a_flood_in_order) {
  const testing::temporary_directory directory;
  const auto path = directory.path() / "out";
  posix_file file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), file.descriptor()};
  const flood writes{back_end, 3000};
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 3000}}));
  EXPECT_EQ(testing::read_file(path), testing::expected_records(3000));
  EXPECT_EQ(back_end.write_calls(), 3000u);
}

TEST_F(uring, file_reports_the_kernels_error) {
  const posix_file read_only{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), read_only.descriptor()};
  const flood writes{back_end, 2};
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{EBADF, 2}}));
}

TEST_F(uring, file_cancels_what_waits) {
  const posix_file file{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  asio::io_context io;
  uring_file back_end{io.get_executor(), file.descriptor()};
  const flood writes{back_end, 100};
  back_end.cancel();
  io.run();
  EXPECT_EQ(writes.outcomes(), (std::map<int, int>{{0, 1}, {ECANCELED, 99}}));
}

}  // namespace
}  // namespace loopscope::writers
