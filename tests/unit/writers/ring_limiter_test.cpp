// SPDX-License-Identifier: MIT

#include "writers/file/ring_limiter.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>

namespace loopscope::writers {
namespace {

/// Begins writes that end when the test says so, and notes who began each.
class fake_user final : public ring_limiter::user {
 public:
  fake_user(char name, std::size_t writes, std::string& begun) : name_(name), left_(writes), begun_(begun) {}
  bool begin_write() noexcept override {
    begun_ += name_;
    return --left_ > 0;
  }

 private:
  char name_;
  std::size_t left_;
  std::string& begun_;
};

class ring_limiter_test : public ::testing::Test {
 protected:
  boost::asio::io_context loop;
  ring_limiter& share = boost::asio::use_service<ring_limiter>(loop);
  std::string begun;
};

TEST_F(ring_limiter_test, begins_as_many_as_the_ring_may_have_and_one_more_for_each_that_ends) {
  fake_user one{'a', 1000, begun};
  share.request(one);
  EXPECT_EQ(begun.size(), ring_limiter::max_in_flight);
  share.done();
  EXPECT_EQ(begun.size(), ring_limiter::max_in_flight + 1);
}

TEST_F(ring_limiter_test, gives_each_user_a_turn) {
  fake_user flood{'a', 1000, begun};
  fake_user second{'b', 2, begun};
  fake_user third{'c', 2, begun};
  share.request(flood);
  begun.clear();
  share.request(second);
  share.request(third);
  EXPECT_EQ(begun, "");
  for (int i = 0; i < 8; ++i) share.done();
  EXPECT_EQ(begun, "abcabcaa");
}

TEST_F(ring_limiter_test, forgets_who_withdraws) {
  fake_user flood{'a', 1000, begun};
  fake_user other{'b', 1, begun};
  share.request(flood);
  begun.clear();
  share.request(other);
  share.cancel(flood);
  share.done();
  share.done();
  EXPECT_EQ(begun, "b");
}

}  // namespace
}  // namespace loopscope::writers
