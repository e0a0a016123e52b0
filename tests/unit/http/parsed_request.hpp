// SPDX-License-Identifier: MIT

#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string_view>

#include "server/http/parse/request_reader.hpp"

namespace loopscope::http::test {

/// A request as the server would have read it.
inline request parsed(std::string_view bytes) {
  static const limits bounds;
  input_buffer in(64 * 1024);
  request_reader reader(bounds);
  const auto room = in.prepare();
  std::memcpy(room.data(), bytes.data(), bytes.size());
  in.commit(bytes.size());
  EXPECT_EQ(reader.next(in), request_reader::outcome::ready) << bytes;
  return std::move(reader.message());
}

}  // namespace loopscope::http::test
