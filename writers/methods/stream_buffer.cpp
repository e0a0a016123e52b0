// SPDX-License-Identifier: MIT

#include "stream_buffer.hpp"

#include <boost/asio/error.hpp>
#include <utility>

namespace loopscope::writers {

stream_buffer::stream_buffer(std::size_t high_water_mark_bytes) : high_water_mark_bytes_(high_water_mark_bytes) {}

bool stream_buffer::refuse() {
  if (!error_) error_ = boost::asio::error::eof;  // Node: ERR_STREAM_WRITE_AFTER_END
  return false;
}

stream_buffer::event stream_buffer::end() {
  ended_ = true;
  return finish_if_done();
}

std::span<const std::byte> stream_buffer::begin_flush() {
  if (error_ || in_flight_.size_bytes() != 0) return {};
  std::swap(filling_, in_flight_);
  return in_flight_.bytes();
}

stream_buffer::event stream_buffer::flushed(error_code error) {
  in_flight_.clear();
  if (error) {
    error_ = error;
    return event::failed;
  }
  if (ended_) return finish_if_done();
  if (!needs_drain_ || buffered_bytes() != 0) return event::none;
  needs_drain_ = false;
  return event::drain;
}

stream_buffer::event stream_buffer::finish_if_done() {
  return buffered_bytes() == 0 && !error_ ? event::finish : event::none;
}

}  // namespace loopscope::writers
