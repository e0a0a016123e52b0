// SPDX-License-Identifier: MIT

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cstdint>
#include <string>

#include "invariant.hpp"
#include "writers/methods/stream_buffer.hpp"

namespace loopscope::writers {
namespace {

using fuzz::require;
using event = stream_buffer::event;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What the contract says, with two strings for a buffer.
class model {
 public:
  explicit model(std::size_t high_water_mark) : high_water_mark_(high_water_mark) {}

  bool write(std::string_view data) {
    if (ended_ || failed_) {
      failed_ = true;
      return false;
    }
    filling_ += data;
    if (buffered() >= high_water_mark_) needs_drain_ = true;
    return !needs_drain_;
  }
  event end() {
    ended_ = true;
    return buffered() == 0 && !failed_ ? event::finish : event::none;
  }
  std::string begin_flush() {
    if (failed_ || !in_flight_.empty()) return {};
    std::swap(filling_, in_flight_);
    return in_flight_;
  }
  event flushed(bool failure) {
    in_flight_.clear();
    if (failure) {
      failed_ = true;
      return event::failed;
    }
    if (ended_) return buffered() == 0 && !failed_ ? event::finish : event::none;
    if (!needs_drain_ || buffered() != 0) return event::none;
    needs_drain_ = false;
    return event::drain;
  }
  std::size_t buffered() const { return filling_.size() + in_flight_.size(); }
  bool needs_drain() const { return needs_drain_; }
  bool failed() const { return failed_; }
  bool in_flight() const { return !in_flight_.empty(); }

 private:
  std::size_t high_water_mark_;
  std::string filling_, in_flight_;
  bool needs_drain_ = false, ended_ = false, failed_ = false;
};

/// Carries out one step on both and compares what they say.
void step(stream_buffer& buffer, model& expected, unsigned what, std::size_t size) {
  const std::string data(size, static_cast<char>('a' + size % 26));
  const auto bytes = std::as_bytes(std::span{data.data(), data.size()});
  switch (what % 6) {
    case 0:
    case 1: {  // less may be committed than there was room for
      const auto room = buffer.prepare(size + 3);
      std::ranges::copy(bytes, room.begin());
      require(buffer.commit(size) == expected.write(data), "commit() returns whether the producer may continue");
      break;
    }
    case 2:
      require(buffer.end() == expected.end(), "end() says whether there is something to flush");
      break;
    case 3:
    case 4: {
      const std::string chunk = expected.begin_flush();
      require(as_text(buffer.begin_flush()) == chunk, "a flush holds every byte in order, once");
      break;
    }
    default: {
      if (!expected.in_flight()) break;  // its caller answers what begin_flush() gave, and nothing else
      const bool failure = size % 16 == 15;
      const auto error = failure ? make_error_code(boost::system::errc::io_error) : error_code{};
      require(buffer.flushed(error) == expected.flushed(failure), "flushed() says what comes next");
      break;
    }
  }
  require(buffer.buffered_bytes() == expected.buffered(), "everything not written counts as buffered");
  require(buffer.error().failed() == expected.failed(), "an error stays");
}

}  // namespace
}  // namespace loopscope::writers

/// The first byte is the high-water mark; every pair that follows is a step and its size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t high_water_mark = 1 + data[0];
  loopscope::writers::stream_buffer buffer{high_water_mark};
  loopscope::writers::model expected{high_water_mark};
  for (std::size_t i = 1; i + 1 < size; i += 2) loopscope::writers::step(buffer, expected, data[i], data[i + 1]);
  return 0;
}
