// SPDX-License-Identifier: MIT

#include "writers/methods/stream_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <string>
#include <string_view>

namespace loopscope::writers {
namespace {

using event = stream_buffer::event;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

std::string text(std::span<const std::byte> chunk) {
  return {reinterpret_cast<const char*>(chunk.data()), chunk.size()};
}

/// Node's write(): the data are accepted in any case.
bool write(stream_buffer& buffer, std::string_view text) {
  std::ranges::copy(bytes(text), buffer.prepare(text.size()).begin());
  return buffer.commit(text.size());
}

TEST(stream_buffer, says_go_on_below_the_high_water_mark) {
  stream_buffer buffer{8};
  EXPECT_TRUE(write(buffer, "1234567"));
  EXPECT_EQ(buffer.buffered_bytes(), 7u);
}

TEST(stream_buffer, says_pause_at_the_high_water_mark) {
  stream_buffer buffer{8};
  write(buffer, "1234567");
  EXPECT_FALSE(write(buffer, "8"));
}

TEST(stream_buffer, takes_data_also_beyond_the_mark) {
  stream_buffer buffer{4};
  EXPECT_FALSE(write(buffer, "12345678"));
  EXPECT_FALSE(write(buffer, "9"));
  EXPECT_EQ(text(buffer.begin_flush()), "123456789");
}

TEST(stream_buffer, drains_when_everything_is_written) {
  stream_buffer buffer{4};
  write(buffer, "1234");
  buffer.begin_flush();
  EXPECT_EQ(buffer.flushed(), event::drain);
  EXPECT_TRUE(write(buffer, "5"));
}

TEST(stream_buffer, counts_what_is_in_flight_as_buffered) {
  stream_buffer buffer{4};
  write(buffer, "123");
  buffer.begin_flush();
  EXPECT_FALSE(write(buffer, "4"));
}

TEST(stream_buffer, does_not_drain_while_more_is_buffered) {
  stream_buffer buffer{4};
  write(buffer, "1234");
  buffer.begin_flush();
  write(buffer, "5");
  EXPECT_EQ(buffer.flushed(), event::none);
  EXPECT_EQ(text(buffer.begin_flush()), "5");
  EXPECT_EQ(buffer.flushed(), event::drain);
}

TEST(stream_buffer, does_not_drain_when_nobody_was_told_to_pause) {
  stream_buffer buffer{4};
  write(buffer, "1");
  buffer.begin_flush();
  EXPECT_EQ(buffer.flushed(), event::none);
}

TEST(stream_buffer, has_one_chunk_in_flight_at_a_time) {
  stream_buffer buffer{4};
  write(buffer, "12");
  EXPECT_EQ(text(buffer.begin_flush()), "12");
  write(buffer, "3");
  EXPECT_TRUE(buffer.begin_flush().empty());
}

TEST(stream_buffer, finishes_after_the_last_flush) {
  stream_buffer buffer{4};
  write(buffer, "12");
  EXPECT_EQ(buffer.end(), event::none);
  buffer.begin_flush();
  EXPECT_EQ(buffer.flushed(), event::finish);
}

TEST(stream_buffer, finishes_at_once_when_empty) {
  stream_buffer buffer{4};
  EXPECT_EQ(buffer.end(), event::finish);
}

TEST(stream_buffer, refuses_writes_after_the_end) {
  stream_buffer buffer{4};
  buffer.end();
  EXPECT_FALSE(write(buffer, "1"));
  EXPECT_EQ(buffer.error(), boost::asio::error::eof);
  EXPECT_EQ(buffer.buffered_bytes(), 0u);
}

TEST(stream_buffer, keeps_the_error_of_a_failed_flush) {
  stream_buffer buffer{4};
  write(buffer, "1234");
  buffer.begin_flush();
  const auto no_space = make_error_code(boost::system::errc::no_space_on_device);
  EXPECT_EQ(buffer.flushed(no_space), event::failed);
  EXPECT_FALSE(write(buffer, "5"));
  EXPECT_TRUE(buffer.begin_flush().empty());
  EXPECT_EQ(buffer.error(), no_space);
}

}  // namespace
}  // namespace loopscope::writers
